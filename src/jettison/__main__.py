"""`python -m jettison` is the command `jettison`."""

from __future__ import annotations

from jettison.cli.main import main

if __name__ == "__main__":
    main()
