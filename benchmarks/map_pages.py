"""From a changed number to a painted map, and what a long map costs another visitor.

The first number is the median time from the Enter that changes the range of rates to the first task
after the frame in which the new map of 128 x 128 rates and momenta was drawn; what the sweep itself
takes is measured in this process. The second is that of a slider on the lab's page in another
browser while the first one's page computes the largest map again and again, as a ratio to the same
while it rests; the two are measured in turns.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from urllib.parse import urlencode

from common import (
    IDLE,
    ROOT,
    SHOWN,
    SLIDER,
    SMALL,
    Row,
    browsers,
    new_page,
    percentile,
    report,
    server,
)
from common import settle as settled
from latency import ARM, OURS, press
from playwright.sync_api import Page

sys.path.insert(0, str(ROOT))
from optimizers import Experiment, Run
from optimizers.maps import MomentumGrid

MAP = {
    "view": "Maps",
    "map": "Rate and momentum",
    "surface": "Rosenbrock",
    "length": 500,
    "optimizers": "Momentum",
}
# 101 rates and 1,000 seeds of one optimizer, with noise: 505 of the 537 million updates
# that a map may make.
LARGEST = {
    "view": "Maps",
    "surface": "Rastrigin",
    "length": 5000,
    "noise": 2,
    "batch": 8,
    "optimizers": "Adam",
    "sweep.seeds": 1000,
}
PROGRESS = "[data-testid=stProgress]"
ROUND = 5  # presses in a row, idle or busy


def enter(page: Page, label: str, value: float) -> float:
    """Type a number and return the milliseconds from Enter until the chart is painted."""
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.fill(f"{value:g}")
    page.evaluate(f"({ARM})({OURS})")
    field.press("Enter")
    took = page.evaluate("() => window.took")
    settled(page)
    return float(took)


def maps(count: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of `count` maps, on the page and of their sweeps alone."""
    painted, swept = [], []
    experiment = Experiment("Rosenbrock", steps=500, runs=(Run("Momentum"),))
    with server() as ours, browsers(1) as (browser,):
        page = new_page(browser)
        page.goto(f"{ours.url}?{urlencode(MAP)}")
        page.wait_for_selector(SHOWN)
        settled(page, 1)
        for turn in range(count + 3):  # the first fetch and compile
            low = 1e-4 * (1 + (turn + 1) / 1000)
            took = enter(page, "Rates from", low)
            began = time.perf_counter()
            MomentumGrid(experiment, low).compute()
            if turn >= 3:
                painted.append(took)
                swept.append(1000 * (time.perf_counter() - began))
    return painted, swept


def work(page: Page, busy: bool) -> None:
    """Let a page compute the largest map from its beginning, or give it up."""
    button = page.get_by_role("button", name="Make it after all" if busy else "Cancel")
    button.click()
    if busy:
        page.wait_for_selector(PROGRESS)
    else:
        page.get_by_role("button", name="Make it after all").wait_for()
        page.wait_for_selector(IDLE)


def neighbour(rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of every press of a slider beside an idle and a busy page."""
    times: dict[str, list[float]] = {"idle": [], "busy": []}
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(server())
        first, second = (new_page(browser) for browser in stack.enter_context(browsers(2)))
        first.goto(f"{ours.url}?{urlencode(LARGEST)}")
        first.wait_for_selector(PROGRESS)
        work(first, busy=False)
        second.goto(f"{ours.url}?{SMALL.query()}")
        second.wait_for_selector(SHOWN)
        settled(second, 1)
        second.get_by_role("slider", name=SLIDER).focus()
        for _ in range(3):
            press(second, OURS)
        for _ in range(rounds):
            for name in times:
                if name == "busy":
                    work(first, busy=True)
                for _ in range(ROUND):
                    times[name].append(press(second, OURS))
                if name == "busy":
                    if not first.locator(PROGRESS).is_visible():
                        raise RuntimeError("the largest map was finished: it must take longer")
                    work(first, busy=False)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    painted, swept = maps(given.maps)
    seconds = statistics.median(painted) / 1000
    spread = "-".join(f"{percentile(painted, share):.0f}" for share in (0.25, 0.75))
    rows: list[Row] = [
        (
            "128 x 128 map, key to paint",
            f"{seconds:.2f} s ({spread} ms)",
            "<= 1.5 s",
            seconds <= 1.5,
        ),
        ("  its sweep alone", f"{statistics.median(swept):.0f} ms", "60 ms", None),
    ]
    times = neighbour(given.rounds)
    idle, busy = (statistics.median(times[name]) for name in ("idle", "busy"))
    for name, values in times.items():
        ms = [f"{percentile(values, share):.0f}" for share in (0.25, 0.75, 0.95)]
        text = f"{statistics.median(values):.0f} ms (quartiles {ms[0]}-{ms[1]}, p95 {ms[2]})"
        rows.append((f"slider of a neighbour, {name}", text, "", None))
    rows.append(("  busy / idle", f"{busy / idle:.2f}x", "<= 1.5x", busy / idle <= 1.5))
    report("maps", rows)


if __name__ == "__main__":
    main()
