"""The command `zigzag`: `zigzag map ...` makes a map's file, anything else serves the page."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say, and return the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    # Each loads much that the other has no use for.
    if given[:1] == ["map"]:
        from views.maps import command

        return command.main(given[1:])
    from views.server import start

    return start.main(given)


if __name__ == "__main__":
    sys.exit(main())
