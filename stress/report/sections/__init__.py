"""The sections of the terminal report, one file each: a function of a Page and a Result."""
