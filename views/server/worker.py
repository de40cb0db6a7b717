"""What a process of the server does before it serves: it loads the app, with its options."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from streamlit.web import bootstrap
from uvicorn.config import STARTUP_FAILURE

HERE = Path(__file__).parents[2]
# Where app.py and .streamlit/config.toml are: in a wheel they lie in a folder of their own, since
# what is beside the packages belongs to every other wheel too.
FOLDER = next(folder for folder in (HERE / "zigzag", HERE) if (folder / "app.py").is_file())
BROKEN = STARTUP_FAILURE  # exit code by which the supervisor knows that another try is in vain
TELL_EVERY = 2.0  # seconds


def load(options: dict[str, Any]) -> Any:
    """Return the ASGI app, with these options of Streamlit in force."""
    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))
    app = importlib.import_module("app").app
    # After the import, by which Streamlit knows where the app's own config.toml lies.
    bootstrap.load_config_options(options)
    return app


def application(options: dict[str, Any], board: Any) -> Any:
    """Return the ASGI app for this process, which ends if the app is broken or its parent gone.

    It tells what it does on a board that all processes share.
    """
    follow_parent()
    app = loaded_or_exit(options)
    importlib.import_module("views.server.metrics").TELLING.board = board
    return app


def follow_parent() -> None:
    """Let this process end, whatever it does, when the one that started it is gone."""
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, name="parent", daemon=True).start()


def prepare(options: dict[str, Any]) -> None:
    """Load the app and compile every kernel into Numba's cache, and say how far that is."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Control-C goes to the parent too, which tells
    follow_parent()
    loaded_or_exit(options)
    from landscape.compiled import KERNELS

    told, missed = time.monotonic(), False
    for done, kernel in enumerate(KERNELS):
        if missed and time.monotonic() > told + TELL_EVERY:
            print(f"Compiling, this once: {done} of {len(KERNELS)} kernels", flush=True)
            told = time.monotonic()
        missed |= bool(kernel.compiled.stats.cache_misses)


def loaded_or_exit(options: dict[str, Any]) -> Any:
    """Return the ASGI app, or say in one line what is broken and end this process."""
    try:
        return load(options)
    except Exception as problem:
        frame = traceback.extract_tb(problem.__traceback__)[-1]
        place = f"{frame.filename}, line {frame.lineno}"
        print(f"zigzag: {type(problem).__name__}: {problem} ({place})", file=sys.stderr)
        sys.exit(BROKEN)
