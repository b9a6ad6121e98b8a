# C functions only, see recording.pxd.
