"""Everything a resolver raises on purpose.

ResolverError                base of all; catch this one to catch them all
├── ConfigurationError       (also ValueError) an argument or environment variable is wrong
├── ResolverClosed           the resolver was closed before the call
├── TenantNotFound           (also LookupError) no such tenant, or the id cannot be a tenant's
├── TenantInactive           the tenant exists, but is suspended
├── CredentialsError         the credentials do not decrypt: wrong key, another's row, damaged value
├── ControlPlaneUnavailable  the control plane did not answer, or not with a usable row
├── ResolveTimeout           (also TimeoutError) a lock's or a call's limit passed
└── RecursiveLoad            a load asked for the tenant that it is loading

No message, argument or attribute of any of them holds a password, a key or a URL with one.
"""

from __future__ import annotations


class ResolverError(Exception):
    """Base of everything that a resolver raises on purpose."""


class ConfigurationError(ResolverError, ValueError):
    """An argument or environment variable is wrong; nothing was opened."""


class ResolverClosed(ResolverError):
    """The resolver was closed before the call."""


class TenantNotFound(ResolverError, LookupError):
    """The control plane has no such tenant, or the id cannot be a tenant's."""


class TenantInactive(ResolverError):
    """The tenant exists, but is suspended."""


class CredentialsError(ResolverError):
    """The tenant's credentials do not decrypt."""


class ControlPlaneUnavailable(ResolverError):
    """The control plane did not answer in time, or not with a usable row."""


class ResolveTimeout(ResolverError, TimeoutError):
    """A lock's limit (1 s) or a call's limit (lease + statement time-out) passed."""


class RecursiveLoad(ResolverError):
    """A load asked for the very tenant that it is loading, on the same thread."""
