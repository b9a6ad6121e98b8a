# C functions only, see gate.pxd.
