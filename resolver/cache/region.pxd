from resolver.cache.core cimport region_view


cdef class Region:
    cdef region_view view
