"""The subcommands: words in, exit code out; no measuring logic."""
