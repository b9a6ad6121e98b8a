"""The element types of which percentiles are taken."""

from libc.stdint cimport int64_t

ctypedef fused number:
    int64_t
    double
