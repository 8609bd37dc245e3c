"""`python -m segablate`."""

from segablate.cli import main

if __name__ == "__main__":
    main()
