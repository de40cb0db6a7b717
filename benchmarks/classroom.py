"""A class at one server: sessions that each change a learning rate every two seconds.

The sessions speak Streamlit's WebSocket protocol from this process, and send what a browser sent
for the same change: one is opened first, and its message serves as the template. Beside that each
asks for the picture by its address, as the player does: one in motion and, when that is there, the
one with sentences and table. One number is a percentile of the time from the change to the picture,
to the words, or to the message that the script run has ended, over all sessions, on a server that
shares the machine with this load. `--dragging` they ask for ten pictures a second, two seconds of
every ten, and leave out a turn while one is under way. `--minimal` they move the slider of the
least page, of one slider and one component. Bounded in count and time, talking to 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import random
import re
import shutil
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import websockets
from common import (
    LARGE,
    ROOT,
    SHOWN,
    SLIDER,
    SMALL,
    Row,
    Server,
    Setting,
    browsers,
    frames,
    machine,
    new_page,
    percentile,
    report,
    server,
    settle,
)
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

MOST_SESSIONS = 1000
MOST_SECONDS = 600.0
MOST_NAMES = 400  # bytes of a picture, in which its names stand
RATE = f"Rosenbrock.{SLIDER.removesuffix(' learning rate')}.lr"
DRAG, EVERY, TICKS_PER_SECOND = 2.0, 10.0, 10  # seconds of dragging, and from one to the next

MINIMAL = '''
import math
import streamlit as st

line = st.components.v2.component(
    "line",
    html="<svg viewBox='0 -1 50 2'><polyline fill='none' stroke='black' stroke-width='.1'/></svg>",
    js="""export default ({ data, parentElement }) => {
      const line = parentElement.querySelector("polyline");
      line.setAttribute("points", data.map((y, x) => `${x},${y}`).join(" "));
    }""",
)
rate = 10 ** st.slider("rate", -6.0, 2.0, -1.5, 0.02)
line(data=[math.sin(rate * i) for i in range(50)], key="line")
'''


@contextlib.contextmanager
def minimal() -> Iterator[Server]:
    """Serve the least page, with the app's own switches."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "minimal.py"
        script.write_text(MINIMAL)
        shutil.copytree(ROOT / ".streamlit", script.parent / ".streamlit")
        with server(script) as served:
            yield served


def recorded(url: str, ready: str = SHOWN, slider: str = SLIDER) -> tuple[BackMsg, BackMsg]:
    """Return what a browser sends to open the page, and after a change of the rate."""
    with browsers(1) as (browser,):
        page = new_page(browser)
        _, sent = frames(page)
        page.goto(url)
        page.wait_for_selector(ready)
        settle(page, 1)
        page.get_by_role("slider", name=slider).focus()
        page.keyboard.press("ArrowRight")
        settle(page, 1)
    messages = [BackMsg.FromString(data) for data in sent]
    runs = [message for message in messages if message.WhichOneof("type") == "rerun_script"]
    return runs[0], runs[-1]


@dataclass
class Class:
    """What all sessions share, and what they have found."""

    server: Server
    first: BackMsg
    change: BackMsg
    start: float
    end: float
    every: float
    times: list[float] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    words: list[float] = field(default_factory=list)
    link: str = ""
    frame: str = ""
    received: int = 0
    overdue: int = 0  # of the times, those that ended after the end
    alike: bool = False  # whether all move between the positions of one slider
    late: int = 0  # changes whose turn came before the one before them had ended
    skipped: int = 0  # turns of a drag that came while a picture was under way


class Session:
    """One student's browser, as far as the server can tell."""

    def __init__(self, group: Class, seed: int) -> None:
        self.group = group
        self.random = random.Random(seed)
        self.known: dict[str, int] = {}  # hashes of messages kept, with the run that used them last
        self.runs = 0
        self.age = 2
        self.http: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self) -> None:
        """Open the page, then change the rate until the end."""
        group = self.group
        address = group.server.url.replace("http", "ws") + "_stcore/stream"
        async with websockets.connect(
            address,
            subprotocols=[websockets.Subprotocol("streamlit")],
            max_size=None,
            compression=None,
        ) as socket:
            await asyncio.sleep(self.random.uniform(0, 5))
            await socket.send(group.first.SerializeToString())
            await self.finished(socket)
            due = group.start + self.random.uniform(0, group.every)
            while due < group.end:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                message = self.changed()
                before = time.monotonic()
                await socket.send(message)
                looked = [self.looked(self.rate(), before)] if group.link else []
                await asyncio.gather(self.finished(socket), *looked)
                now = time.monotonic()
                group.times.append(now - before)
                group.overdue += now > group.end
                due += group.every
                group.late += due < now

    async def drag(self) -> None:
        """Ask for pictures as a dragged slider does, until the end."""
        group = self.group
        begins = group.start + self.random.uniform(0, EVERY)
        while begins < group.end:
            turn = 0
            while turn < DRAG * TICKS_PER_SECOND:
                due = begins + turn / TICKS_PER_SECOND
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self.get(self.address(self.rate(), "frame"))
                now = time.monotonic()
                group.pictures.append(now - due)
                group.times.append(now - due)
                group.overdue += now > group.end
                following = max(turn + 1, math.ceil((now - begins) * TICKS_PER_SECOND))
                group.skipped += min(following, int(DRAG * TICKS_PER_SECOND)) - turn - 1
                turn = following
            begins += EVERY

    async def finished(self, socket: websockets.ClientConnection) -> None:
        """Read until a run of the script has ended, keeping what a browser would keep."""
        while True:
            data = await socket.recv(decode=False)
            self.group.received += len(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "ref_hash":
                self.known[message.ref_hash] = self.runs
            elif message.metadata.cacheable:
                self.known[message.hash] = self.runs
            elif kind == "new_session":
                self.age = message.new_session.config.max_cached_message_age
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    continue  # a callback asked for another run, which follows
                if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise RuntimeError("the script cannot be compiled")
                self.runs += 1
                self.known = {h: r for h, r in self.known.items() if self.runs - r <= self.age}
                return

    async def looked(self, rate: str, before: float) -> None:
        """Ask for the picture in motion, and then for the words on it."""
        group = self.group
        picture = await self.get(self.address(rate, "frame"))
        group.pictures.append(time.monotonic() - before)
        await self.get(f"{self.address(rate, 'shown')}&drawn={names(picture)}")
        group.words.append(time.monotonic() - before)

    def address(self, rate: str, framed: str) -> str:
        """Return the address of a picture in the frame, or of one with words where it is shown."""
        query = urlencode({RATE: rate, "theme": "light", framed: self.group.frame})
        return f"scene?{self.group.link}&{query}"

    def rate(self) -> str:
        """Return another rate, from a tenth to ten times the first.

        One that nobody has asked for, unless all are positions of the slider: answers are kept.
        """
        exponent = self.random.uniform(-3, -1)
        if self.group.alike:
            return f"{10 ** (round(50 * exponent) / 50):.3g}"
        return f"{10**exponent:.10g}"

    async def get(self, address: str) -> bytes:
        """Return what the server answers to an address below its own, on a kept connection."""
        host, port = self.group.server.url.split("/")[2].split(":")
        for _ in range(2):  # the server closes a connection that was idle for some seconds
            if self.http is None:
                self.http = await asyncio.open_connection(host, int(port))
            reader, writer = self.http
            request = f"GET /zz/{address} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            writer.write(f"{request}Accept-Encoding: deflate\r\n\r\n".encode())
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            except (asyncio.IncompleteReadError, ConnectionError):
                self.http = None
                continue
            body = await reader.readexactly(int(head.split("content-length: ")[1].split()[0]))
            self.group.received += len(head) + len(body)
            if not head.startswith("http/1.1 200"):
                raise RuntimeError(f"{head.splitlines()[0]}: {body[:200]!r}")
            return body
        raise RuntimeError("the server closes every connection")

    def changed(self) -> bytes:
        """Return a message that says another rate; a field keeps its old text."""
        message = BackMsg()
        message.CopyFrom(self.group.change)
        exponent = round(50 * self.random.uniform(-3, -1)) / 50
        for widget in message.rerun_script.widget_states.widgets:
            if widget.id.endswith(f"-{RATE}.slider"):
                widget.string_array_value.data[:] = [f"{10**exponent:.3g}"]
            elif not self.group.link:
                widget.double_array_value.data[:] = [exponent]
        message.rerun_script.cached_message_hashes[:] = list(self.known)
        return message.SerializeToString()


def names(picture: bytes) -> str:
    """Return the names of scene and ground in a packed picture, as the player says them."""
    plain = zlib.decompressobj().decompress(picture, MOST_NAMES).decode("latin-1")
    found = (re.search(f'"{name}":"([0-9a-f]+)"', plain) for name in ("id", "ground"))
    return ".".join(match[1] for match in found if match)


def frame(server: Server, setting: Setting) -> str:
    """Return the frame of an experiment's picture."""
    with urllib.request.urlopen(f"{server.url}zz/scene?{setting.query()}") as answer:
        plain = answer.read()  # nothing is compressed that was not asked for so
    size = int.from_bytes(plain[:4], "little")
    return str(json.loads(plain[4 : 4 + size])["frame"])


async def load(
    group: Class, sessions: int, work: Callable[[Session], Coroutine[Any, Any, None]] = Session.run
) -> tuple[float, float, float]:
    """Run all sessions; return the processors used by the server, this load, and all others."""
    tasks = [asyncio.create_task(work(Session(group, seed))) for seed in range(sessions)]
    await asyncio.sleep(max(0.0, group.start - time.monotonic()))
    before = group.server.cpu(), time.process_time(), machine()
    await asyncio.sleep(max(0.0, group.end - time.monotonic()))
    after = group.server.cpu(), time.process_time(), machine()
    await asyncio.gather(*tasks)
    serving, loading, all_ = (
        (b - a) / (group.end - group.start) for a, b in zip(before, after, strict=True)
    )
    return serving, loading, all_ - serving - loading


def within(name: str, times: list[float], target: float | None = None) -> Row:
    """Return a row on some times in seconds: half, 95 % and all of them, against milliseconds."""
    if not times:
        return name, "-", "", None
    half, most = (1000 * percentile(times, share) for share in (0.5, 0.95))
    text = f"{half:.0f} ms, {most:.0f} ms, {1000 * max(times):.0f} ms"
    if target is None:
        return f"{name}: p50, p95, longest", text, "", None
    return f"{name}: p50, p95, longest", text, f"p95 < {target:.0f} ms", most < target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--every", type=float, default=2)
    parser.add_argument("--single", action="store_true", help="one process: `streamlit run app.py`")
    parser.add_argument("--large", action="store_true", help=f"{LARGE} instead of {SMALL}")
    parser.add_argument("--dragging", action="store_true", help="they drag, and change nothing")
    parser.add_argument("--alike", action="store_true", help="all between 101 rates: kept answers")
    parser.add_argument("--minimal", action="store_true", help="of a page of one slider")
    given = parser.parse_args()
    sessions = min(given.sessions, MOST_SESSIONS)
    seconds = min(given.seconds, MOST_SECONDS)
    setting: Setting = LARGE if given.large else SMALL
    single = ("--server.headless=true",) if given.single else ()
    with minimal() if given.minimal else server(ROOT / "app.py", *single) as ours:
        if given.minimal:
            messages = recorded(ours.url, "polyline[points]", "rate")
        else:
            messages = recorded(f"{ours.url}?{setting.query()}")
        memory = ours.memory()
        start = time.monotonic() + 10 + sessions / 20
        group = Class(ours, *messages, start, start + seconds, max(0.1, given.every))
        if not given.minimal:
            group.link, group.frame = setting.query(), frame(ours, setting)
        group.alike = given.alike
        work = Session.drag if given.dragging else Session.run
        serving, loading, others = asyncio.run(load(group, sessions, work))
        grown = ours.memory() - memory
    rate = (len(group.times) - group.overdue) / seconds
    rows = [
        within("change to picture", group.pictures, 200 if given.dragging else 100),
        within("change to words", group.words, 200),
        within("change to end of run", [] if given.dragging else group.times),
        ("changes per second", f"{rate:.0f}", "", None),
        ("begun late, left out", f"{group.late}, {group.skipped}", "", None),
        ("server's processor time for each", f"{1000 * serving / rate:.1f} ms", "", None),
        ("processors used: server", f"{serving:.2f}", "", None),
        ("  this load, all others", f"{loading:.2f}, {others:.2f}", "", None),
        ("memory: before, more after", f"{memory:.0f} MB, {grown:+.0f} MB", "", None),
    ]
    report(f"{sessions} sessions, {'minimal page' if given.minimal else setting}", rows)


if __name__ == "__main__":
    main()
