"""Views of a result: the terminal, the result file, progress. All of them read `result` alone."""
