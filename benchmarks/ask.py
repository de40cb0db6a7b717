"""A class that is asked: how soon answers are acknowledged and counted, and whether any is lost.

Students join by HTTP, as their browsers do, choose a rate of their own within a few seconds, and
try again with growing pauses until that is acknowledged. Meanwhile each looks now and then how the
class stands, and the teacher's page twice a second. First they do so at one server of two processes
with SQLite, then at two servers with PostgreSQL of which one is restarted in the middle: who asked
there asks the other, as behind a proxy. In the end every answer has to be in the teacher's table,
and every student is asked what is kept of them. It talks to 127.0.0.1 only, and ends with code 1 if
anything is lost, or late where nothing was restarted.

    python benchmarks/ask.py --students 200 --seconds 5
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from common import Row, percentile, report, server
from database import postgres

ACKNOWLEDGED, COUNTED = 0.3, 1.0  # seconds, of 95 %
TEACHER, STUDENT = 0.5, 3.0  # seconds between two looks
FIRST_PAUSE, MOST_PAUSE = 0.5, 10.0
PATIENCE = 60.0  # seconds after which an answer counts as lost
MOST_STUDENTS = 400  # that may come from one address at once


async def ask(url: str, path: str, said: Any = None, key: str = "") -> tuple[int, Any]:
    """Return status and answer of a request, by POST where something is said."""
    place = url.split("/")[2]
    host, port = place.split(":")
    body = b"" if said is None else json.dumps(said).encode()
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        lines = [f"{'GET' if said is None else 'POST'} /zz/class{path} HTTP/1.1", f"Host: {place}"]
        lines += [f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"Authorization: Bearer {key}"] if key else []
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        head, _, told = (await reader.read()).partition(b"\r\n\r\n")
        status = int(head.split()[1])
        return status, json.loads(told) if b"json" in head else told.decode()
    finally:
        writer.close()


@dataclass
class Class:
    """A class at some servers, and what has been seen of it."""

    urls: list[str]
    code: str = ""
    key: str = ""
    acknowledged: list[float] = field(default_factory=list)  # at which times
    seconds: list[float] = field(default_factory=list)  # from the choice to that
    seen: list[tuple[float, int]] = field(default_factory=list)  # answers, at which times
    again: int = 0  # tries after the first

    async def of_student(self, number: int, said: dict[str, Any]) -> dict[str, Any]:
        """Say something as a student until it is acknowledged; return what is kept."""
        pause = FIRST_PAUSE
        for turn in range(10**6):
            url = self.urls[(number + turn) % len(self.urls)]
            with contextlib.suppress(OSError, IndexError, ValueError):
                status, told = await ask(url, f"/{self.code}/student", said)
                if status == 200:
                    return dict(told["answers"])
            self.again += 1
            await asyncio.sleep(pause)
            pause = min(2 * pause, MOST_PAUSE)
        raise TimeoutError


async def student(group: Class, number: int, delay: float) -> dict[str, Any]:
    """Join, choose a rate after a while, and return what is kept of it."""
    token = f"{number:032x}"
    await group.of_student(number, {"token": token})
    await asyncio.sleep(delay)
    before = time.monotonic()
    said = {"token": token, "card": 1, "answer": rate_of(number)}
    kept = await group.of_student(number, said)
    group.acknowledged.append(time.monotonic())
    group.seconds.append(time.monotonic() - before)
    return kept


def rate_of(number: int) -> str:
    """Return the rate of a student, which nobody else chooses."""
    return f"{(number + 1) / 1e4:.6g}"


async def look(group: Class, number: int, every: float, key: str = "") -> None:
    """Look again and again how the class stands; the teacher takes note of the answers."""
    await asyncio.sleep(random.uniform(0, every))
    for turn in range(10**6):
        with contextlib.suppress(OSError, IndexError, ValueError):
            url = group.urls[(number + turn) % len(group.urls)]
            status, told = await ask(url, f"/{group.code}", key=key)
            if key and status == 200:
                group.seen.append((time.monotonic(), sum(told["counts"].values())))
        await asyncio.sleep(every)


async def hold(
    group: Class, students: int, seconds: float, middle: Callable[[], Any] | None
) -> int:
    """Hold a class, do something in the middle of it, and return how many answers are lost."""
    status, told = await ask(group.urls[0], "", {"subject": "choose-rate"})
    assert status == 201, told
    group.code, group.key = told["code"], told["key"]
    numbers = range(students)
    looks = [asyncio.create_task(look(group, n, STUDENT)) for n in numbers]
    looks.append(asyncio.create_task(look(group, 0, TEACHER, group.key)))
    work = [asyncio.create_task(student(group, n, random.uniform(0, seconds))) for n in numbers]
    if middle:
        await asyncio.sleep(seconds / 2)
        await asyncio.to_thread(middle)
    _, pending = await asyncio.wait(work, timeout=PATIENCE + seconds)
    await asyncio.sleep(2 * TEACHER)  # for the last look
    for task in (*looks, *pending):
        task.cancel()
    await asyncio.gather(*looks, *pending, return_exceptions=True)
    lost = len(pending)
    expected = sorted(rate_of(n) for n in numbers)
    for url in group.urls:
        status, table = await ask(url, f"/{group.code}/answers.csv", key=group.key)
        rows = (
            [row["answer"] for row in csv.DictReader(table.splitlines())] if status == 200 else []
        )
        lost = max(lost, len({*expected} - {*rows}), len(rows) - len(expected))
    for n in numbers:
        kept = await group.of_student(n, {"token": f"{n:032x}"})
        lost = max(lost, int(kept != {"1": rate_of(n)}))
    await ask(group.urls[0], f"/{group.code}", {"end": True}, group.key)
    return lost


def counted(group: Class) -> list[float]:
    """Return, for every acknowledgement, the seconds until the teacher's page knew of it."""
    found = []
    for place, at in enumerate(sorted(group.acknowledged)):
        known = (when for when, count in group.seen if count > place and when >= at)
        found.append(next(known, float("inf")) - at)
    return found


def measured(name: str, group: Class, students: int, lost: int, strict: bool) -> list[Row]:
    """Return the rows of a class for the table."""
    first, bars = percentile(group.seconds, 0.95), percentile(counted(group), 0.95)
    slow = max(group.seconds)
    return [
        (f"{name}: {students} students, answers lost", f"{lost}", "0", lost == 0),
        (
            f"{name}: 95 % of answers acknowledged within",
            f"{1e3 * first:.0f} ms",
            f"{1e3 * ACKNOWLEDGED:.0f} ms" if strict else "",
            first <= ACKNOWLEDGED if strict else None,
        ),
        (f"{name}: the last, and tries after the first", f"{slow:.2f} s, {group.again}", "", None),
        (
            f"{name}: 95 % of answers in the teacher's counts within",
            f"{1e3 * bars:.0f} ms",
            f"{1e3 * COUNTED:.0f} ms" if strict else "",
            bars <= COUNTED if strict else None,
        ),
    ]


@contextlib.contextmanager
def two_servers(database: str) -> Iterator[tuple[list[str], Callable[[], None]]]:
    """Serve at two servers; yield their addresses, and what restarts the first of them."""
    env = {"ZIGZAG_DATABASE": database}
    with contextlib.ExitStack() as second, contextlib.ExitStack() as first:
        urls = [stack.enter_context(server(env=env)).url for stack in (first, second)]

        def restart() -> None:
            first.close()
            urls[0] = first.enter_context(server(env=env)).url

        yield urls, restart


def main() -> int:
    """Hold the classes and print what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--at", default="", help="a server that runs already, in place of others")
    given = parser.parse_args()
    students = max(1, min(given.students, MOST_STUDENTS))
    rows: list[Row] = []

    def held(name: str, urls: list[str], middle: Callable[[], None] | None = None) -> None:
        group = Class(urls)
        lost = asyncio.run(hold(group, students, given.seconds, middle))
        rows.extend(measured(name, group, students, lost, middle is None))

    if given.at:
        held("there", [given.at])
    else:
        with tempfile.TemporaryDirectory() as folder:
            database = f"sqlite:///{folder}/classes.db"
            with server(env={"ZIGZAG_DATABASE": database}) as ours:
                held("SQLite, two processes", [ours.url])
        with postgres() as database, two_servers(database) as (urls, restart):
            held("PostgreSQL, two servers, one restarted", urls, restart)
    report("a class that is asked", rows)
    return int(any(met is False for *_, met in rows))


if __name__ == "__main__":
    sys.exit(main())
