"""HdrHistogram's V2 compressed form: what other tools of the field read and write.

    base64 of    cookie 0x1c849314, length, zlib of the payload
    payload      cookie 0x1c849313, length of counters, normalizing offset 0, significant figures,
                 lowest, highest (int64), conversion ratio (double); all big-endian; then counters
    counters     from index 0 to the last that is not 0, each ZigZag in LEB128 of at most 9 bytes
                 (the ninth whole); a negative number -k stands for k zeros

Source: V2 of HdrHistogram's EncodableHistogram and ZigZagEncoding, as documented there.
"""

import base64
import binascii
import struct
import zlib
from typing import NamedTuple

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.limits cimport LLONG_MAX
from libc.stdint cimport int64_t, uint8_t, uint64_t

cdef extern from *:
    # The zig-zag forms need two's complement shifts that Python's operators hide.
    """
    #define TIMING_ZIGZAG(v) (((uint64_t)(v) << 1) ^ (uint64_t)((int64_t)(v) >> 63))
    #define TIMING_UNZIGZAG(u) ((int64_t)(((u) >> 1) ^ (0 - ((u) & 1))))
    """
    uint64_t zigzag "TIMING_ZIGZAG"(int64_t value) noexcept nogil
    int64_t unzigzag "TIMING_UNZIGZAG"(uint64_t value) noexcept nogil

cdef enum:
    LONGEST = 9

COMPRESSED_COOKIE = 0x1c849314
PAYLOAD_COOKIE = 0x1c849313
OUTER = struct.Struct(">II")
HEADER = struct.Struct(">IIIIqqd")


class Geometry(NamedTuple):
    """What decides a histogram's counters; the values of `Histogram`'s first three arguments."""

    lowest_discernible_value: int
    highest_trackable_value: int
    significant_figures: int


cdef int64_t write_number(uint8_t* to, int64_t value) noexcept nogil:
    cdef uint64_t rest = zigzag(value)
    cdef int64_t length = 0
    while rest >= 0x80 and length < LONGEST - 1:
        to[length] = <uint8_t>(rest & 0x7F) | 0x80
        rest >>= 7
        length += 1
    to[length] = <uint8_t>rest
    return length + 1


def encode(geometry, const int64_t[::1] counts not None):
    """The base64 bytes of a histogram whose counters from index 0 on are `counts`.

    Zeros at the end may be left out. ValueError for a negative counter.
    """
    cdef int64_t n = counts.shape[0]
    cdef int64_t index = 0
    cdef int64_t at = HEADER.size
    cdef int64_t zeros
    buffer = PyBytes_FromStringAndSize(NULL, at + LONGEST * n)
    cdef uint8_t* out = <uint8_t*>PyBytes_AS_STRING(buffer)
    while index < n:
        if counts[index] > 0:
            at += write_number(out + at, counts[index])
            index += 1
        elif counts[index] < 0:
            raise ValueError(f"counter {index} is negative")
        else:
            zeros = 0
            while index < n and counts[index] == 0:
                zeros += 1
                index += 1
            if index < n:
                at += write_number(out + at, -zeros)
    header = HEADER.pack(PAYLOAD_COOKIE, at - HEADER.size, 0, geometry.significant_figures,
                         geometry.lowest_discernible_value, geometry.highest_trackable_value, 1.0)
    packed = zlib.compress(header + buffer[HEADER.size:at])
    return base64.b64encode(OUTER.pack(COMPRESSED_COOKIE, len(packed)) + packed)


class Payload:
    """An encoded histogram, its header read and checked; `unpack` reads the counters.

    In two steps, since the header says how large the counters may be: no input makes this allocate
    more than its geometry needs. ValueError for anything that is not the V2 compressed form.
    """

    def __init__(self, data):
        try:
            raw = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise ValueError("not a histogram: no base64") from None
        if len(raw) < OUTER.size:
            raise ValueError("not a histogram: too short")
        cookie, length = OUTER.unpack_from(raw)
        if cookie != COMPRESSED_COOKIE:
            raise ValueError(f"not a V2 compressed histogram: cookie {cookie:#x}")
        if length != len(raw) - OUTER.size:
            raise ValueError("a histogram cut short or with something behind it")
        self._stream = zlib.decompressobj()
        header = self._inflate(raw[OUTER.size:], HEADER.size)
        if len(header) != HEADER.size:
            raise ValueError("a histogram without a complete header")
        cookie, self._length, offset, figures, lowest, highest, ratio = HEADER.unpack(header)
        if cookie != PAYLOAD_COOKIE:
            raise ValueError(f"not a V2 payload: cookie {cookie:#x}")
        if offset != 0 or ratio != 1.0:
            raise ValueError("a histogram with shifted or scaled values is not supported")
        if not 1 <= figures <= 5:
            raise ValueError(f"a histogram of {figures} significant figures is not supported")
        self.geometry = Geometry(lowest, highest, figures)

    def _inflate(self, data, limit):
        try:
            return self._stream.decompress(data, limit)
        except zlib.error as error:
            raise ValueError(f"a damaged histogram: {error}") from None

    def unpack(self, int64_t[::1] counts not None):
        """Write the counters into `counts`, which is all zeros; ValueError if they do not fit."""
        cdef int64_t limit = LONGEST * counts.shape[0]
        if self._length > limit:
            raise ValueError("a histogram with more counters than its range has")
        content = b""
        if self._length:
            content = self._inflate(self._stream.unconsumed_tail, self._length)
        if len(content) != self._length:
            raise ValueError("a histogram cut short")
        cdef const uint8_t* data = <const uint8_t*>PyBytes_AS_STRING(content)
        cdef int64_t n = len(content)
        cdef int64_t at = 0
        cdef int64_t index = 0
        cdef int64_t value
        cdef int64_t total = 0
        cdef uint64_t number
        cdef int shift, byte
        while at < n:
            number = 0
            for shift in range(0, 7 * LONGEST, 7):
                if at >= n:
                    raise ValueError("a histogram that ends within a number")
                byte = data[at]
                at += 1
                if shift == 7 * (LONGEST - 1):
                    number |= <uint64_t>byte << shift
                    break
                number |= <uint64_t>(byte & 0x7F) << shift
                if byte < 0x80:
                    break
            value = unzigzag(number)
            if value < 0:
                # A run of zeros; written so that no sum can overflow.
                if value < index - counts.shape[0]:
                    raise ValueError("a histogram with more counters than its range has")
                index -= value
            elif index >= counts.shape[0]:
                raise ValueError("a histogram with more counters than its range has")
            elif value > LLONG_MAX - total:
                raise ValueError("a histogram with a total beyond 64 bits")
            else:
                total += value
                counts[index] = value
                index += 1
