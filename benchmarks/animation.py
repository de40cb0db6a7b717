"""Frames per second while the player plays, in headless Chromium (software rendering).

One number is how many animation frames per second showed another picture than the frame before
(the travelled length of a path or a head had changed), over a playback from the first step on.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

from common import LARGE, SHOWN, Row, browsers, new_page, percentile, report, server, settle
from playwright.sync_api import Browser

WATCH = """
(milliseconds) => new Promise((done) => {
  const root = document.querySelector("[data-shown]");
  const lines = [...root.querySelectorAll(".zz-front path.js-line")];
  const heads = [...root.querySelectorAll(".zz-front path.point, .zz-marks path.point")];
  const picture = () =>
    lines.map((line) => line.style.strokeDasharray).join() +
    heads.map((head) => head.getAttribute("transform")).join();
  const changes = [];
  let before = picture();
  let start;
  const look = (now) => {
    start ??= now;
    const after = picture();
    if (after !== before) changes.push(now);
    before = after;
    if (now - start < milliseconds) requestAnimationFrame(look);
    else done({ changes, elapsed: now - start });
  };
  requestAnimationFrame(look);
})
"""


def play(browser: Browser, url: str, seconds: float) -> tuple[float, list[float]]:
    """Return the frames per second and the milliseconds between frames."""
    page = new_page(browser)
    page.goto(url)
    page.wait_for_selector(SHOWN)
    settle(page, 1)
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(500)
    seen = page.evaluate(WATCH, 1000 * seconds)
    page.close()
    changes = seen["changes"]
    gaps = [b - a for a, b in pairwise(changes)]
    return 1000 * len(changes) / seen["elapsed"], gaps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6, help="at most 7: a playback takes 8")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    rows: list[Row] = []
    with server() as ours, browsers(1) as (browser,):
        for view in ("Side by side", "Overlay", "3-D"):
            url = f"{ours.url}?{LARGE.query(view=view)}"
            runs = [play(browser, url, given.seconds) for _ in range(given.repeats)]
            rate, gaps = sorted(runs)[len(runs) // 2]
            text = f"{rate:.1f} per s"
            rows.append((f"{LARGE}, {view}", text, ">= 55 per s", rate >= 55))
            text = f"{percentile(gaps, 0.95):.0f} ms, {max(gaps):.0f} ms"
            rows.append(("  between frames: 95 %, longest", text, "", None))
    report("playback", rows)


if __name__ == "__main__":
    main()
