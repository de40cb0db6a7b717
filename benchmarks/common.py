"""What the benchmarks share: servers on free ports, a browser, the measured experiments, a table.

Run a benchmark by hand from the project's folder, for example `python benchmarks/latency.py`.
Machines differ and are noisy: what is compared is measured in turns within one run, and ratios
are what counts.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

# Another checkout can be measured with these same scripts.
ROOT = Path(os.environ.get("ZIGZAG", Path(__file__).parents[1]))
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
IDLE = (
    "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
)
SHOWN = "[data-shown]"  # the player has drawn

Row = tuple[str, str, str, bool | None]  # what, measured, target, whether it is met

# Rates at which no run diverges, so that every path is as long as it can be.
RATES = {
    "SGD": 0.0005,
    "Momentum": 0.0003,
    "RMSProp": 0.01,
    "Adam": 0.01,
    "AdaGrad": 0.3,
    "AdamW": 0.01,
    "L-BFGS": 0.001,
    "Nesterov": 0.0003,
    "Newton": 1.0,
}
SLIDER = "Adam learning rate"  # the control that is changed; it stays stable for two decades


@dataclass(frozen=True)
class Setting:
    """An experiment on Rosenbrock's valley, by the number of its runs and their steps."""

    runs: int
    steps: int

    def __str__(self) -> str:
        return f"{self.runs} runs x {self.steps:,}"

    @property
    def optimizers(self) -> list[str]:
        return list(RATES)[: self.runs]

    def query(self, **more: str) -> str:
        """Return the link's parameters that open this experiment."""
        pairs = [("surface", "Rosenbrock"), ("length", str(self.steps))]
        pairs += [("optimizers", name) for name in self.optimizers]
        pairs += [(f"Rosenbrock.{name}.lr", str(RATES[name])) for name in self.optimizers]
        return urlencode([*pairs, *more.items()])


@dataclass(frozen=True)
class Epochs(Setting):
    """20 epochs of 10,000 samples in batches of 32, which are 6,260 steps."""

    def query(self, **more: str) -> str:
        """Return the link's parameters that open this experiment."""
        surface = "Linear regression"
        pairs = [("surface", surface), ("samples", "10000"), ("batch", "32")]
        pairs += [("length", "20"), ("unit", "epochs")]
        pairs += [("optimizers", name) for name in self.optimizers]
        pairs += [(f"{surface}.{name}.lr", str(RATES[name])) for name in self.optimizers]
        return urlencode([*pairs, *more.items()])


SAMPLES = Epochs(4, 6260)
SMALL = Setting(4, 200)
LARGE = Setting(9, 1000)


@dataclass(frozen=True)
class Server:
    """A running server: its first process and its address, which ends in a slash."""

    process: subprocess.Popen[bytes]
    url: str

    def processes(self) -> list[Path]:
        """Return where the kernel tells of the server's processes."""
        found = [Path(f"/proc/{self.process.pid}")]
        for parent in found:  # which grows meanwhile
            children = (parent / "task" / parent.name / "children").read_text().split()
            found += [Path("/proc") / child for child in children]
        return found

    def cpu(self) -> float:
        """Return the processor seconds used so far."""
        stats = [
            (path / "stat").read_text().rpartition(")")[2].split() for path in self.processes()
        ]
        return sum(int(x[11]) + int(x[12]) for x in stats) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the resident memory in MB."""
        pages = sum(int((path / "statm").read_text().split()[1]) for path in self.processes())
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def machine() -> float:
    """Return the processor seconds that everything on this machine has used."""
    user, nice, system, *_ = Path("/proc/stat").read_text().split()[1:]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def server(
    script: Path = ROOT / "app.py", *options: str, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Serve a script from its own folder, and so with the settings found there, until the end.

    The app is served as the start command does, with several processes; with options, or another
    script, by `streamlit run`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if script.name == "app.py" and not options and (ROOT / "views/server/start.py").exists():
        command = [sys.executable, "-m", "views.server.start"]
        command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    elif script.name == "app.py" and not options:  # an older version
        zigzag = runpy.run_path(str(ROOT / ".ci" / "zigzag.py"))
        command = zigzag["serving"](sys.executable, port, "127.0.0.1")
    else:
        command = [sys.executable, "-m", "streamlit", "run", script.name, *options]
        command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
        command += ["--logger.level", "error"]
    process = subprocess.Popen(
        command, cwd=script.parent, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_for(url + "_stcore/health", process)
        yield Server(process, url)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    """Wait until `url` answers; raise if the process ends or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"{url} did not answer within {seconds} s")


@contextlib.contextmanager
def browsers(count: int) -> Iterator[list[Browser]]:
    """Start browsers of their own, so that no page is in another's background."""
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        opened = [launch(executable_path=CHROMIUM, args=["--no-sandbox"]) for _ in range(count)]
        try:
            yield opened
        finally:
            for browser in opened:
                browser.close()


def new_page(browser: Browser) -> Page:
    """Return a page of a laptop's size that raises what goes wrong in it."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)

    def fail(error: Any) -> None:
        raise RuntimeError(f"the page reports: {error}")

    page.on("pageerror", fail)
    return page


def frames(page: Page) -> tuple[list[bytes], list[bytes]]:
    """Return two lists that fill with what the page will receive and send over WebSockets."""
    received: list[bytes] = []
    sent: list[bytes] = []

    def into(messages: list[bytes]) -> Callable[[bytes | str], None]:
        return lambda data: messages.append(data if isinstance(data, bytes) else data.encode())

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", into(received))
        socket.on("framesent", into(sent))

    page.on("websocket", listen)
    return received, sent


def settle(page: Page, pause: float = 0.2) -> None:
    """Wait until the script has ended and the browser had a moment to finish."""
    page.wait_for_selector(IDLE)
    time.sleep(pause)


def in_turns(
    work: Mapping[str, Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Return the seconds that each piece of work takes, `repeats` times, after one to warm up."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for function in work.values():
        function()
    for _ in range(repeats):
        for name, function in work.items():
            before = clock()
            function()
            times[name].append(clock() - before)
    return times


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(title: str, rows: Iterable[Row]) -> None:
    """Print a table of what was measured, the target, and whether it was met."""
    words = {True: "ok", False: "MISSED", None: ""}
    cells = [(title, "measured", "target", "")]
    cells += [(name, measured, target, words[met]) for name, measured, target, met in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    for name, *rest in cells:
        line = name.ljust(widths[0])
        line += "".join(
            f"  {text.rjust(width)}" for text, width in zip(rest, widths[1:], strict=True)
        )
        print(line.rstrip())  # noqa: T201
    print()  # noqa: T201
