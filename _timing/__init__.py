"""Measuring instruments in Cython: clock, histogram, percentiles, recorder; no I/O, no policy."""
