"""`python -m stress` is the command `stress`."""

from stress.cli import main

if __name__ == "__main__":
    main()
