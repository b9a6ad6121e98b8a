"""The answer of a resolver; at the same time an entry of the process's L1 table."""

cimport cython

import time

from resolver.record import place_of

# Interned once: an answer's source costs a look into these.
_SOURCES = ("hit", "miss", "wait")
_LEVELS = ("L1", "L2", "DB")


@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class ResolvedTenant:
    """Whose database it is and where: immutable, safe to share between threads.

    tenant_id, url (sqlalchemy URL without password), version (int) · source: what this call did,
    "hit", "miss" (it loaded) or "wait" (it waited for another call's load) · level: "L1", "L2" or
    "DB" · age and expires_in in seconds, computed when read. Made by a cache only; not pickled.
    """

    def __init__(self):
        raise TypeError("a ResolvedTenant is made by resolve() only")

    @property
    def url(self):
        """Driver, user, host, port and database; never a password."""
        if self.place is None:
            self.place = place_of(self.value)
        return self.place

    @property
    def source(self):
        """"hit", "miss" or "wait": what the call that returned this did."""
        return _SOURCES[self.source_code]

    @property
    def level(self):
        """"L1" (this process), "L2" (shared memory) or "DB" (the control plane)."""
        return _LEVELS[self.level_code]

    @property
    def age(self):
        """Seconds since the load of this record began."""
        return (time.monotonic_ns() - self.load_start_ns) / 1e9

    @property
    def expires_in(self):
        """Seconds until the record is no longer answered; 0 when that has come."""
        return max(0, self.deadline_ns - time.monotonic_ns()) / 1e9

    def __repr__(self):
        return (
            f"<ResolvedTenant {self.tenant_id!r} version {self.version}"
            f" {self.url.render_as_string()} {self.source}>"
        )

    def __reduce__(self):
        raise TypeError("a ResolvedTenant is not pickled: resolve the tenant where it is needed")


cdef ResolvedTenant new_result(str tenant_id, bytes value, int64_t version, int64_t load_start_ns,
                               int64_t deadline_ns, Source source, Level level):
    cdef ResolvedTenant result = ResolvedTenant.__new__(ResolvedTenant)
    result.tenant_id = tenant_id
    result.value = value
    result.version = version
    result.load_start_ns = load_start_ns
    result.deadline_ns = deadline_ns
    result.source_code = source
    result.level_code = level
    return result


def make_result(str tenant_id, bytes value, int64_t version, int64_t load_start_ns,
                int64_t deadline_ns, source, level):
    """For caches written in Python. source: "hit", "miss", "wait"; level: "L1", "L2", "DB"."""
    return new_result(tenant_id, value, version, load_start_ns, deadline_ns,
                      _SOURCES.index(source), _LEVELS.index(level))


def sealed_record(ResolvedTenant answer not None):
    """The record behind an answer in the form of `resolver.record`: its secret is ciphertext."""
    return answer.value
