"""The server that a run uses: embedded or given; its tenants, and the truth about each."""
