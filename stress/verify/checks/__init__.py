"""One check a file: its definition in the docstring, a pure function from evidence to a Check."""
