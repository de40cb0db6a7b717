"""Processor time of the server for a change, a step of a drag and a kept picture.

Each is given as a ratio to a change of the least page that Streamlit can have, one slider and one
small component, by the processes' own clocks. `--sessions` clients work at their leisure, one kind
of work after the other, `--turns` times around, so that all meet the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import Callable, Coroutine
from typing import Any

from classroom import Class, Session, frame, load, minimal, recorded
from common import LARGE, SMALL, Row, report, server

PAUSE = 0.5  # seconds between two requests of a client

Work = Callable[[Session], Coroutine[Any, Any, None]]


async def moving(session: Session) -> None:
    """Ask for a picture in motion at other rates, until the end."""
    await asking(session, session.rate)


async def kept(session: Session) -> None:
    """Ask for the same picture until the end."""
    await asking(session, lambda: "0.01")


async def asking(session: Session, rate: Callable[[], str]) -> None:
    group = session.group
    await asyncio.sleep(max(0.0, group.start + session.random.uniform(0, PAUSE) - time.monotonic()))
    while (now := time.monotonic()) < group.end:
        await session.get(session.address(rate(), "frame"))
        group.times.append(time.monotonic() - now)
        await asyncio.sleep(max(0.0, PAUSE + now - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=8, help="of each turn")
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--alike", action="store_true", help="between 101 rates: kept answers")
    given = parser.parse_args()
    found: dict[str, list[float]] = {}
    targets: dict[str, float | None] = {"minimal page": None}
    with contextlib.ExitStack() as stack:
        theirs, ours = stack.enter_context(minimal()), stack.enter_context(server())
        least = recorded(theirs.url, "polyline[points]", "rate")
        works: list[tuple[str, Any, Any, str, str, Work]] = [
            ("minimal page", theirs, least, "", "", Session.run)
        ]
        for setting in (SMALL, LARGE):
            messages = recorded(f"{ours.url}?{setting.query()}")
            place = setting.query(), frame(ours, setting)
            for name, work, target in (
                ("change and release", Session.run, 2.5),
                ("step of a drag", moving, 1.0),
                ("kept picture", kept, 0.5),
            ):
                works.append((f"{setting}: {name}", ours, messages, *place, work))
                targets[works[-1][0]] = target if setting == SMALL else None
        for _ in range(given.turns):
            for name, served, messages, link, shown, work in works:
                # Sessions open within five seconds, before anything is counted.
                start = time.monotonic() + (7 if work is Session.run else 1)
                group = Class(served, *messages, start, start + given.seconds, 2 * PAUSE)
                group.link, group.frame, group.alike = link, shown, given.alike
                serving, *_ = asyncio.run(load(group, given.sessions, work))
                each = 1000 * serving * given.seconds / (len(group.times) - group.overdue)
                found.setdefault(name, []).append(each)
    base = found["minimal page"]
    rows: list[Row] = []
    for name, times in found.items():
        ratio = statistics.median(time / least for time, least in zip(times, base, strict=True))
        target = targets[name]
        rows.append(
            (
                name,
                f"{ratio:.2f}x  ({statistics.median(times):.2f} ms)",
                f"<= {target}x" if target else "",
                ratio <= target if target else None,
            )
        )
    report("server's processor time", rows)


if __name__ == "__main__":
    main()
