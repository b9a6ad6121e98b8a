"""The object under test: found, probed, and its answers understood."""
