"""Who is next: the browser, to draw what it was sent, or the user, who has changed something."""

from __future__ import annotations

import threading
import time

from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

DRAWING = 0.06  # seconds in which a browser draws nine runs of a thousand steps
LOOK = 0.02  # seconds between two looks for a change
MOST_WAITING = 2  # visitors of one process at the same time
WAITING = threading.Semaphore(MOST_WAITING)


def changed() -> bool:
    """Tell whether a change is waiting for the end of this run of the script.

    Streamlit ends a run for the change of a control outside of fragments, but not for one inside:
    a slider of a rate, the controls of the map, and the button that cancels it.
    """
    context = get_script_run_ctx()
    requests = context.script_requests if context else None
    return requests is not None and requests._state == ScriptRequestType.RERUN


def let_draw() -> None:
    """Wait until the browser has drawn what it was sent so far, or until a change is waiting.

    Elements that reach the browser together are drawn together, and the numbers of the report and
    of the controls take it longer than the picture. So the picture goes ahead. In a busy class
    nobody waits but MOST_WAITING: every wait costs the server a little, and a class waits for it.
    """
    if not WAITING.acquire(blocking=False):
        return
    try:
        end = time.monotonic() + DRAWING
        while time.monotonic() < end and not changed():
            time.sleep(LOOK)
    finally:
        WAITING.release()
