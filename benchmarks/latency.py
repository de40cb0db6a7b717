"""From a moved slider to the repainted chart, against the least that Streamlit can do.

One number is the median time, over `--presses` presses of the right arrow on a focused slider,
from the key event to the first task after the frame in which the changed chart was drawn. It is
given as a ratio to a page of one slider and one line of 50 points (`st.plotly_chart`, Streamlit's
own defaults), pressed in turns with ours.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from pathlib import Path

from common import (
    LARGE,
    SHOWN,
    SLIDER,
    SMALL,
    Row,
    browsers,
    new_page,
    percentile,
    report,
    server,
    settle,
)
from playwright.sync_api import Page

MINIMAL = """
import math
import plotly.graph_objects as go
import streamlit as st

rate = 10 ** st.slider("rate", -6.0, 2.0, -1.5, 0.02)
st.plotly_chart(go.Figure(go.Scatter(x=list(range(50)), y=[math.sin(rate * i) for i in range(50)])))
"""
# What shows that a page has drawn: a text that changes with the drawing, and the attribute in it.
OURS = "() => document.querySelector('[data-shown]')?.dataset.shown"
THEIRS = "() => document.querySelector('.js-plotly-plot path.js-line')?.getAttribute('d')"

ARM = """
(drawn) => {
  const before = drawn();
  window.took = new Promise((done) => {
    let pressed;
    const once = { once: true, capture: true };
    addEventListener("keydown", (event) => (pressed = event.timeStamp), once);
    const watcher = new MutationObserver(() => {
      const now = drawn();
      if (!now || now === before) return;
      watcher.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - pressed)));
    });
    const filter = ["data-shown", "d"];
    watcher.observe(document.body, { subtree: true, childList: true, attributeFilter: filter });
  });
}
"""


def press(page: Page, drawn: str) -> float:
    """Press the slider's key once and return the milliseconds until the chart is painted."""
    page.evaluate(f"({ARM})({drawn})")
    page.keyboard.press("ArrowRight")
    took = page.evaluate("() => window.took")
    settle(page)
    return float(took)


def measure(presses: int) -> dict[str, list[float]]:
    """Return the milliseconds of every press, by page."""
    times: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "minimal.py").write_text(MINIMAL)
        # Without these two Streamlit asks for an address and calls home.
        quiet = ("--server.headless=true", "--browser.gatherUsageStats=false")
        theirs = stack.enter_context(server(folder / "minimal.py", *quiet))
        ours = stack.enter_context(server())
        opened = stack.enter_context(browsers(3))
        urls = [theirs.url, *(f"{ours.url}?{setting.query()}" for setting in (SMALL, LARGE))]
        names = ["minimal page", str(SMALL), str(LARGE)]
        pages = []
        for url, name, browser in zip(urls, names, opened, strict=True):
            page = new_page(browser)
            page.goto(url)
            page.wait_for_selector(".js-plotly-plot path.js-line" if url == theirs.url else SHOWN)
            settle(page, 1)
            page.get_by_role("slider", name="rate" if url == theirs.url else SLIDER).focus()
            pages.append((name, page, THEIRS if url == theirs.url else OURS))
        for _, page, drawn in pages * 3:  # first presses fetch and compile scripts
            press(page, drawn)
        for turn in range(presses):
            for name, page, drawn in pages[turn % 3 :] + pages[: turn % 3]:
                times.setdefault(name, []).append(press(page, drawn))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=40)
    times = measure(parser.parse_args().presses)
    base = statistics.median(times["minimal page"])
    rows: list[Row] = []
    for name, target in (("minimal page", None), (str(SMALL), 0.3), (str(LARGE), 0.5)):
        ratio = statistics.median(times[name]) / base
        spread = "-".join(f"{percentile(times[name], share):.0f}" for share in (0.25, 0.75))
        text = f"{ratio:.2f}x  ({statistics.median(times[name]):.0f} ms, quartiles {spread})"
        rows.append(
            (name, text, f"<= {target}x" if target else "", ratio <= target if target else None)
        )
    report("key press to paint", rows)


if __name__ == "__main__":
    main()
