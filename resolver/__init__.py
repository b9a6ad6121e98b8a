"""A tenant resolver whose TTL cache is one for all processes of a host."""
