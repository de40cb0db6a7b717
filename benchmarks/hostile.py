"""Hostile links and addresses: how they are answered, how soon, and what they leave behind.

Links of names and values that nobody would send in good faith, mixed with good ones, are asked for
at every address that takes a link. It talks to 127.0.0.1 only, and ends with code 1 if an answer is
an error of the server, or fewer than 99 % come within 300 ms.

    python benchmarks/hostile.py --requests 6000
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import random
import sys
import time
from urllib.parse import urlencode

from common import ROOT, Server, percentile, report, server
from mixed import get

sys.path.insert(0, str(ROOT))

from views.settings.rates import BEST
from views.settings.table import TABLE

AT_ONCE = 4
SHARE, SECONDS = 0.99, 0.3
ADDRESSES = (
    *("zz/scene", "zz/ground", "zz/orders", "zz/map/x.csv"),
    *("zz/save/x.csv", "zz/save/x.html", "zz/save/.."),
    *("zz/class/AAAA", "zz/class/%00", "zz/class/AAAA/card", "zz/class/AAAA/answers.csv"),
    *("zz/reach", "zz/health", "zz/metrics", "zz/0/player.js", "zz/%00", "zz/"),
    *("", "maps", "gallery", "lessons", "class", "%00"),  # pages
)
ODD = (
    *("", " ", "\x00", "\u202e", "\U0001f600", "nan", "inf", "-inf", "1e999", "-1", "9" * 400),
    *("0x10", "[0.0]", '{"colours":[0.0]}', "null", "![](//host)", "<img/src=//host>", "$x$"),
    *("../../etc/passwd", "__proto__", "$$ID-abc", "=1+1", "a" * 5000, "1;" * 2000, "%ff"),
)


def value(dice: random.Random, name: str) -> str:
    """Return a text for a setting: one that it may take, or another."""
    kind = TABLE[name].kind if name in TABLE else None
    options = [each for each in getattr(kind, "options", ()) if each != BEST]
    if options and dice.random() < 0.6:
        return str(dice.choice(options))
    low, high = getattr(kind, "low", 0.0), getattr(kind, "high", 1.0)
    if dice.random() < 0.5:
        return f"{dice.uniform(low, high):.4g}"
    return dice.choice(ODD)


def address(dice: random.Random) -> str:
    """Return an address with a link."""
    ids = [dice.choice([*TABLE, *ODD]) for _ in range(dice.randint(0, 12))]
    pairs = [(name, value(dice, name)) for name in ids]
    return f"{dice.choice(ADDRESSES)}?{urlencode(pairs)}"


async def ask(ours: Server, addresses: list[str]) -> list[tuple[int, float, str]]:
    """Return the status and the seconds of every answer."""
    found = []

    async def one_after_another() -> None:
        while addresses:
            asked = addresses.pop()
            before = time.monotonic()
            status = await get(ours, asked)
            found.append((status, time.monotonic() - before, asked))

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    dice = random.Random(given.seed)
    with server(ROOT / "app.py") as ours:
        asyncio.run(ask(ours, [address(dice) for _ in range(100)]))
        before = ours.memory()
        found = asyncio.run(ask(ours, [address(dice) for _ in range(given.requests)]))
        grown = ours.memory() - before
    statuses = collections.Counter(status for status, *_ in found)
    errors = [each for each in found if each[0] >= 500 and each[0] != 503]
    soon = sum(seconds <= SECONDS for _, seconds, _ in found) / len(found)
    times = [1000 * percentile((t for _, t, _ in found), share) for share in (0.5, 0.99)]
    rows = [
        ("answers by status", ", ".join(f"{n} x {s}" for s, n in statuses.items()), "", None),
        ("errors of the server", f"{len(errors)}", "0", not errors),
        ("within 300 ms", f"{100 * soon:.1f} %", f"{100 * SHARE:.0f} %", soon >= SHARE),
        ("p50, p99", f"{times[0]:.0f} ms, {times[1]:.0f} ms", "", None),
        ("memory", f"{before:.0f} MB, {grown:+.0f} MB", "", None),
    ]
    report(f"{given.requests} hostile addresses, {AT_ONCE} at once", rows)
    for status, seconds, asked in sorted(found, key=lambda each: -each[1])[:5]:
        print(f"{seconds:.2f} s, {status}: {asked[:150]}")  # noqa: T201
    return int(any(met is False for *_, met in rows))


if __name__ == "__main__":
    sys.exit(main())
