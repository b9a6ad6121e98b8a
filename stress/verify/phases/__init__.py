"""Checking phases: each makes the dangerous moment happen, one file each (see `load.phase`)."""
