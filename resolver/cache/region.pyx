"""The shared mapping of a cache: made once, before the fork, and inherited by every child."""

import os

from cpython.buffer cimport PyBuffer_FillInfo
from libc.errno cimport errno
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy
from posix.mman cimport (
    MAP_ANONYMOUS,
    MAP_FAILED,
    MAP_SHARED,
    PROT_READ,
    PROT_WRITE,
    mmap,
    munmap,
)

from resolver.cache.core cimport (
    LAYOUT_VERSION,
    REGION_MAGIC,
    head_of,
    lay_out,
    make_mutex,
)


cdef extern from "<sys/mman.h>" nogil:
    enum: MADV_DONTDUMP
    int madvise(void *address, size_t length, int advice)

# Slots for each tenant that the cache is to hold practically without eviction: banks of 512 slots
# overflow with probability 5e-7 at 100,000 tenants.
_SLOTS_PER_TENANT = 1.31
_VETTED = (256, 256, 32, 512)


def geometry_for(capacity):
    """(banks, epochs, sets, slots in a bank) for `capacity`; never below the vetted layout."""
    banks, epochs, sets, slots = _VETTED
    scale = 1
    while banks * slots * scale < capacity * _SLOTS_PER_TENANT:
        scale *= 2
    return banks, epochs, sets * scale, slots * scale


cdef class Region:
    """Owner of the mapping. Single writer of nothing: the sections of the C core write it.

    capacity: tenants held practically without eviction. geometry: for tests, in place of capacity;
    powers of two, at least 64 slots in a bank.
    """

    def __cinit__(self, capacity=100_000, *, geometry=None):
        cdef uint32_t banks, epochs, sets, slots, bank
        cdef bytes random = os.urandom(32)
        cdef void *base
        banks, epochs, sets, slots = geometry or geometry_for(capacity)
        for number, least in ((banks, 1), (epochs, 1), (sets, 1), (slots, 64)):
            if number < least or number & (number - 1):
                raise ValueError("a geometry is made of powers of two, with 64 slots or more")
        if slots > 1 << 20 or banks > 256 or epochs > 256:
            raise ValueError("the index words have no room for such a geometry")
        lay_out(&self.view, NULL, banks, epochs, sets, slots)
        base = mmap(NULL, self.view.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        if base == MAP_FAILED:
            raise OSError(errno, f"no {self.view.size >> 20} MiB of shared memory")
        lay_out(&self.view, <uint8_t *>base, banks, epochs, sets, slots)
        # Ciphertext only, but it does not belong into a core file either.
        if madvise(base, self.view.size, MADV_DONTDUMP):
            raise OSError(errno, "madvise")
        self.view.counters = NULL
        header = self.view.header
        header.layout = LAYOUT_VERSION
        memcpy(header.seed, <const char *>random, 16)
        memcpy(header.nonce, <const char *>random + 16, 16)
        header.banks, header.epochs_per_bank = banks, epochs
        header.sets_per_bank, header.slots_per_bank = sets, slots
        failed = make_mutex(&header.registry) or make_mutex(&header.budget)
        for bank in range(banks):
            failed = failed or make_mutex(&head_of(&self.view, bank).mutex)
        if failed:
            raise OSError(failed, "no robust mutex shared between processes")
        header.magic = REGION_MAGIC

    def __dealloc__(self):
        if self.view.base != NULL:
            munmap(self.view.base, self.view.size)

    def memory(self):
        """The region's bytes, for reading only: tests look for what must not be in them."""
        return memoryview(self)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.view.base, self.view.size, 1, flags)

    @property
    def size(self):
        """Bytes of the mapping; resident only where used."""
        return self.view.size

    @property
    def slots(self):
        """Records that the region has room for."""
        return self.view.banks * self.view.slots_per_bank
