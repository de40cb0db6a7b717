"""Pictures per second while a slider is dragged.

The mouse takes hold of a rate's slider and moves it to and fro for `--seconds`, a pixel at a time,
with the frames of the browser; the last of the settings is made by samples. One number is how often
the player has painted another picture meanwhile, per second, and how long one took from a move to
the first task after its paint.
"""

from __future__ import annotations

import argparse
import os
import statistics

from common import (
    LARGE,
    SAMPLES,
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

# Counts the pictures, and the milliseconds from the slider's change to the paint of the next one.
WATCH = """
(slider) => {
  const player = document.querySelector("[data-shown]");
  const input = document.querySelector(`input[type=range][aria-label="${slider}"]`);
  const seen = (window.seen = { pictures: 0, times: [] });
  let moved = 0;
  new MutationObserver(() => (moved ||= performance.now())).observe(input, {
    attributes: true, attributeFilter: ["value"],
  });
  new MutationObserver(() => {
    const from = moved;
    moved = 0;
    seen.pictures += 1;
    const painted = () => seen.times.push(performance.now() - from);
    if (from) requestAnimationFrame(() => setTimeout(painted));
  }).observe(player, { attributes: true, attributeFilter: ["data-shown"] });
}
"""

BEGIN = "() => Object.assign(window.seen, { pictures: 0, times: [], began: performance.now() })"


def drag(page: Page, seconds: float) -> tuple[float, list[float]]:
    """Drag the slider; return the pictures per second, and the milliseconds to each."""
    page.evaluate(WATCH, SLIDER)
    slider = page.locator(f'input[type=range][aria-label="{SLIDER}"]')
    slider.scroll_into_view_if_needed()
    box = slider.locator("..").bounding_box()
    if box is None:
        raise RuntimeError(f"the slider {SLIDER} is not on the page")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(
        "() => Object.assign(window.seen, { pictures: 0, times: [], began: performance.now() })"
    )
    took, step = 0.0, 0
    while took < 1000 * seconds:
        # Below the rate that is set no run diverges: every path is as long as it can be.
        page.mouse.move(x - abs(step % 40 - 20), y)
        took = page.evaluate("() => performance.now() - window.seen.began")
        step += 1
    seen = page.evaluate("() => window.seen")
    page.mouse.up()
    settle(page)
    return 1000 * seen["pictures"] / took, seen["times"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    targets = {SMALL: 30, LARGE: 20, SAMPLES: 10}
    found: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {}
    with server() as ours, browsers(len(targets)) as opened:
        pages = []
        for setting, browser in zip(targets, opened, strict=True):
            page = new_page(browser)
            page.goto(f"{ours.url}?{setting.query()}")
            page.wait_for_selector(SHOWN)
            settle(page, 1)
            pages.append((setting, page))
            drag(page, 1)  # the first pictures compile scripts
        for _ in range(given.turns):
            for setting, page in pages:
                rate, took = drag(page, given.seconds)
                found.setdefault(str(setting), []).append(rate)
                times.setdefault(str(setting), []).extend(took)
    rows: list[Row] = []
    for setting, target in targets.items():
        name = str(setting)
        rate = statistics.median(found[name])
        spread = "-".join(f"{percentile(times[name], share):.0f}" for share in (0.5, 0.95))
        rows.append(
            (name, f"{rate:.0f}/s  (p50-p95 {spread} ms)", f">= {target}/s", rate >= target)
        )
    rows.append(("load of the machine", f"{os.getloadavg()[0]:.1f}", "", None))
    report("pictures while dragging", rows)


if __name__ == "__main__":
    main()
