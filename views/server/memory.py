"""Memory that Python has freed goes back to the system, where the system's library is glibc.

By itself glibc keeps freed blocks for later, in as many places as there have been threads.
"""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Give back all that is free; it takes some milliseconds, so now and then is enough."""
    if sys.platform.startswith("linux"):
        library = ctypes.CDLL(None)
        if hasattr(library, "malloc_trim"):
            library.malloc_trim(0)
