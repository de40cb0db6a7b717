"""A class at one server: sessions that each change a learning rate every two seconds.

The sessions speak Streamlit's WebSocket protocol from this process, and send what a browser sent
for the same change: one is opened first, and its message serves as the template. One number is a
percentile of the time from sending a change to the message with the new picture, or to the one
that the script run has ended, over all sessions, on a server that shares the machine with this
load. Bounded in count and time, and it talks to 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import websockets
from common import (
    LARGE,
    ROOT,
    SHOWN,
    SLIDER,
    SMALL,
    Server,
    Setting,
    browsers,
    frames,
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
RATE = f"Rosenbrock.{SLIDER.removesuffix(' rate')}.lr"


def recorded(url: str) -> tuple[BackMsg, BackMsg]:
    """Return what a browser sends to open the page, and after a change of the rate."""
    with browsers(1) as (browser,):
        page = new_page(browser)
        _, sent = frames(page)
        page.goto(url)
        page.wait_for_selector(SHOWN)
        settle(page, 1)
        page.get_by_role("slider", name=SLIDER).focus()
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
    received: int = 0
    overdue: int = 0  # of the times, those that ended after the end
    late: int = 0  # changes whose turn came before the one before them had ended


class Session:
    """One student's browser, as far as the server can tell."""

    def __init__(self, group: Class, seed: int) -> None:
        self.group = group
        self.random = random.Random(seed)
        self.known: dict[str, int] = {}  # hashes of messages kept, with the run that used them last
        self.runs = 0
        self.age = 2
        self.picture: list[int] = []  # its place on the page
        self.seen = 0.0  # when the latest picture came

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
                await self.finished(socket)
                now = time.monotonic()
                group.times.append(now - before)
                group.pictures.append(self.seen - before)
                group.overdue += now > group.end
                due += group.every
                group.late += due < now

    async def finished(self, socket: websockets.ClientConnection) -> None:
        """Read until a run of the script has ended, keeping what a browser would keep."""
        while True:
            data = await socket.recv(decode=False)
            self.group.received += len(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            place = list(message.metadata.delta_path)
            if message.delta.new_element.WhichOneof("type") == "bidi_component":
                self.picture = place  # the last of them: before it comes the ground
            if place and place == self.picture:  # one that was sent before comes as its hash
                self.seen = time.monotonic()
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

    def changed(self) -> bytes:
        """Return the message for another rate, from a tenth to ten times the first."""
        message = BackMsg()
        message.CopyFrom(self.group.change)
        exponent = round(self.random.uniform(-3, -1), 2)
        for widget in message.rerun_script.widget_states.widgets:
            if widget.id.endswith(f"-{RATE}.slider"):
                widget.double_array_value.data[:] = [exponent]
            elif widget.id.endswith(f"-{RATE}"):
                widget.double_value = float(f"{10**exponent:.3g}")
        message.rerun_script.cached_message_hashes[:] = list(self.known)
        return message.SerializeToString()


def machine() -> float:
    """Return the processor seconds that everything on this machine has used."""
    user, nice, system, *_ = Path("/proc/stat").read_text().split()[1:]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


async def load(group: Class, sessions: int) -> tuple[float, float, float]:
    """Run all sessions; return the processors used by the server, this load, and all others."""
    tasks = [asyncio.create_task(Session(group, seed).run()) for seed in range(sessions)]
    await asyncio.sleep(max(0.0, group.start - time.monotonic()))
    before = group.server.cpu(), time.process_time(), machine()
    await asyncio.sleep(max(0.0, group.end - time.monotonic()))
    after = group.server.cpu(), time.process_time(), machine()
    await asyncio.gather(*tasks)
    serving, loading, all_ = (
        (b - a) / (group.end - group.start) for a, b in zip(before, after, strict=True)
    )
    return serving, loading, all_ - serving - loading


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--every", type=float, default=2)
    parser.add_argument("--single", action="store_true", help="one process: `streamlit run app.py`")
    parser.add_argument("--large", action="store_true", help=f"{LARGE} instead of {SMALL}")
    given = parser.parse_args()
    sessions = min(given.sessions, MOST_SESSIONS)
    seconds = min(given.seconds, MOST_SECONDS)
    setting: Setting = LARGE if given.large else SMALL
    single = ("--server.headless=true",) if given.single else ()
    with server(ROOT / "app.py", *single) as ours:
        first, change = recorded(f"{ours.url}?{setting.query()}")
        memory = ours.memory()
        start = time.monotonic() + 10 + sessions / 20
        group = Class(ours, first, change, start, start + seconds, max(0.1, given.every))
        serving, loading, others = asyncio.run(load(group, sessions))
        grown = ours.memory() - memory
    ms = [1000 * percentile(group.times, share) for share in (0.5, 0.95, 0.99)]
    seen = [1000 * percentile(group.pictures, share) for share in (0.5, 0.95)]
    rate = (len(group.times) - group.overdue) / seconds
    rows = [
        ("change to picture: p50, p95", f"{seen[0]:.0f} ms, {seen[1]:.0f} ms", "", None),
        ("change to end of run: p50", f"{ms[0]:.0f} ms", "", None),
        ("  p95", f"{ms[1]:.0f} ms", "< 300 ms", ms[1] < 300),
        ("  p99, longest", f"{ms[2]:.0f} ms, {1000 * max(group.times):.0f} ms", "", None),
        ("changes per second", f"{rate:.0f}", f"{sessions / given.every:.0f}", None),
        ("changes begun late", f"{group.late}", "", None),
        ("server's processor time for a change", f"{1000 * serving / rate:.1f} ms", "", None),
        ("processors used: server", f"{serving:.2f}", "", None),
        ("  this load, all others", f"{loading:.2f}, {others:.2f}", "", None),
        ("memory: before, more after", f"{memory:.0f} MB, {grown:+.0f} MB", "", None),
    ]
    report(f"{sessions} sessions, {setting}", rows)


if __name__ == "__main__":
    main()
