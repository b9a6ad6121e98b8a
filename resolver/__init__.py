"""A tenant resolver whose TTL cache is one for all processes of a host.

from resolver import TenantResolver
resolver = TenantResolver(cache_ttl=600)
with resolver.connect("550e8400-e29b-41d4-a716-446655440000") as connection: ...
"""

from resolver.cache.result import ResolvedTenant
from resolver.errors import (
    ConfigurationError,
    ControlPlaneUnavailable,
    CredentialsError,
    RecursiveLoad,
    ResolverClosed,
    ResolverError,
    ResolveTimeout,
    TenantInactive,
    TenantNotFound,
)
from resolver.resolver import TenantResolver

__all__ = [
    "ConfigurationError",
    "ControlPlaneUnavailable",
    "CredentialsError",
    "RecursiveLoad",
    "ResolveTimeout",
    "ResolvedTenant",
    "ResolverClosed",
    "ResolverError",
    "TenantInactive",
    "TenantNotFound",
    "TenantResolver",
]
