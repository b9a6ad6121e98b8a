"""Views of a result: the terminal, the result file, and progress. All of them read `result` alone."""
