"""`python -m specdl`: the command line."""

from specdl.cli.main import entry_point

if __name__ == "__main__":
    entry_point()
