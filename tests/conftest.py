"""The real server and a real browser, for the tests that are marked `browser`."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Locator,
    Page,
    expect,
    sync_playwright,
)
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from streamlit.components.v2 import manifest_scanner

from landscape import SURFACES
from views.settings.table import FACTORS

ROOT = Path(__file__).parent.parent
COMPILING = 120  # seconds: more than a slow machine needs to compile every kernel
PATIENCE = 30  # seconds: more than a slow machine needs, less than anybody waits for a hang

DESKTOP: Any = {"width": 1280, "height": 900}
RESTING = (
    '[data-testid="stApp"][data-test-connection-state="CONNECTED"]'
    '[data-test-script-state="notRunning"]'
)
# An AppTest has Streamlit read what all installed packages say of themselves, in every run, which
# takes longer than most pages do. No package comes or goes meanwhile.
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)
# The classes of every server that a test begins, in a file that is thrown away.
CLASSES = tempfile.TemporaryDirectory(prefix="zigzag-classes-")
os.environ["ZIGZAG_DATABASE"] = f"sqlite:///{CLASSES.name}/classes.db"
PLAYER = "[data-shown]"  # the player's root, once it has painted

# At a page's address Streamlit's front end asks first whether the whole app is served below it.
PROBE = re.compile(r"/(class|gallery|lessons|maps|teacher)/_stcore/(health|host-config)$")

FLAGS = (
    "--no-sandbox",  # Chromium refuses to run as root with one
    "--disable-gpu",
    # None of these may look for a network: the tests must pass without one.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
QUIET = re.compile(r"traceback|warning|deprecat|exception", re.IGNORECASE)


def comparing(compare: str) -> dict[str, str]:
    """Return a link in which something is compared, on a surface that has it."""
    fits = FACTORS[compare].fits
    for name in ("Quadratic", *SURFACES):
        if fits(SURFACES[name]):
            return {"compare": compare, "surface": name}
    # A parameter is one that the formula has.
    text = "x^2 + a*x*y + 2*y^2 + b*x + c*y + d"
    return {"compare": compare, "surface": "Formula", "Formula.text": text}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the random experiments of test_predictions.py be others than last time."""
    parser.addoption("--seed", type=int, default=1, help="seed of the random experiments")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, and try a browser's test once more.

    Several processes share the tests, a file to each: a long one that is begun last has the others
    wait for it. A browser's test shares two processors with the others, and may be late. What fails
    twice is a fault. What failed once is named at the end, and is to be looked at too.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    weights: Counter[Path] = Counter()
    for item in items:
        weights[item.path] += seconds(item)
    items.sort(key=lambda item: -weights[item.path])  # those of a file stay as they stand


def seconds(item: pytest.Item) -> float:
    """Return about how long a test takes."""
    if item.get_closest_marker("slow"):
        return 100.0 if item.get_closest_marker("browser") else 15.0
    return 4.0 if item.get_closest_marker("browser") else 0.02


def awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns; in a thread, for Playwright's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def answer_of(
    serve: Callable[[Request], Any], query: str, stays: float | None = None, **params: str
) -> Response:
    """Return what a route answers; the body is there as a whole.

    The client waits, or goes after so many seconds.
    """

    async def receive() -> Any:
        if stays is None:
            await asyncio.Event().wait()
        await asyncio.sleep(stays or 0.0)
        return {"type": "http.disconnect"}

    async def answered() -> Response:
        scope = {"type": "http", "query_string": query.encode(), "headers": []}
        response = await serve(Request({**scope, "path_params": params}, receive))
        if isinstance(response, StreamingResponse):
            pieces = [str(piece) async for piece in response.body_iterator]
            response.body = "".join(pieces).encode()
        return response

    return awaited(answered())


def commands() -> Any:
    """Return the script of the README's commands as a module."""
    spec = importlib.util.spec_from_file_location("zigzag", ROOT / ".ci" / "zigzag.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app, served as the start command does; it must log no complaint."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "views.server.start", "--server.address", "127.0.0.1"]
    command += ["--server.port", str(port)]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(PATIENCE)
    told = log.read_text()
    assert not QUIET.search(told), f"the server complained:\n{told}"


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when `url` answers; fail when the server has ended or does not come up."""
    ends = time.monotonic() + COMPILING
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"the server did not come up:\n{log.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserType]:
    """Playwright's way to start a Chromium."""
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        yield playwright.chromium


def options() -> dict[str, Any]:
    """Return how to start the browser; `.ci/zigzag.py test` says in ZIGZAG_CHROMIUM which."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("ZIGZAG_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    return {"executable_path": path, "args": FLAGS}


@pytest.fixture(scope="session")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    """A browser for visitors that are not like the first: each gets an empty profile."""
    browser = chromium.launch(**options())
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def visitor(
    chromium: BrowserType, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser with a profile on disk: from the second visit on it has everything compiled."""
    profile = tmp_path_factory.mktemp("profile")
    context = chromium.launch_persistent_context(profile, viewport=DESKTOP, **options())
    yield context
    context.close()


class Visit:
    """A visitor's page, with everything that went wrong on it in `problems`."""

    def __init__(self, page: Page, host: str) -> None:
        page.context.set_default_timeout(PATIENCE * 1000)
        self.problems: list[str] = []
        self.host = host
        self.page = page
        self._heard: dict[Any, Callable[..., None]] = {
            "console": self._console,
            "pageerror": lambda error: self.problems.append(f"error: {error}"),
            "request": lambda request: self._asked(request.url),
            "websocket": lambda socket: self._asked(socket.url),
            "requestfailed": self._failed,
            "response": self._answered,
            "dialog": self._dialog,
        }
        for event, told in self._heard.items():
            page.on(event, told)

    def leave(self) -> None:
        """Leave the page as the next visitor is to find it: empty, and as large as a new one."""
        for event, told in self._heard.items():
            self.page.remove_listener(event, told)
        self.page.evaluate("sessionStorage.clear()")
        self.page.goto("about:blank")
        self.page.request_gc()  # or what earlier pages were stays in memory
        self.page.set_viewport_size(DESKTOP)
        self.page.emulate_media(media="null", color_scheme="null", reduced_motion="null")
        self.page.mouse.move(0, 0)

    def _console(self, message) -> None:
        if PROBE.search(message.location.get("url", "")):
            return
        # WebGL that is drawn in software complains of its own speed.
        if message.type in ("error", "warning") and "GL Driver Message" not in message.text:
            self.problems.append(f"console {message.type}: {message.text}")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.problems.append(f"asked elsewhere: {url}")

    def _failed(self, request) -> None:
        # What the page no longer waits for when it is left or closed is aborted.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"{request.failure}: {request.url}")

    def _answered(self, response) -> None:
        if response.status >= 400 and not PROBE.search(response.url):
            self.problems.append(f"{response.status}: {response.url}")

    def _dialog(self, dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    @property
    def player(self) -> Locator:
        """The player's root, which says what it shows."""
        return self.page.locator(PLAYER).first

    @property
    def scene(self) -> str | None:
        """The id of the scene that is painted."""
        return self.player.get_attribute("data-scene")

    @property
    def step(self) -> int:
        """The clock, in whole steps."""
        return int(self.player.get_attribute("data-step") or -1)

    def settled(self) -> Visit:
        """Wait until the script rests and the player has painted."""
        self.page.wait_for_selector(RESTING)
        self.page.wait_for_selector(PLAYER)
        return self

    def until(self, condition: str, argument: object = None) -> None:
        """Wait until a JavaScript function of (the player's root, `argument`) returns true."""
        self.page.wait_for_function(
            f"([selector, argument]) => ({condition})(document.querySelector(selector), argument)",
            arg=[PLAYER, argument],
        )

    @contextlib.contextmanager
    def another_scene(self) -> Iterator[None]:
        """Wait, after what is done in the block, until another scene is painted."""
        before = self.scene
        yield
        self.until("(player, before) => player?.dataset.scene !== before", before)
        self.settled()


@pytest.fixture
def visit(
    server: str, visitor: BrowserContext, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visit]]:
    """Open the app with a query, in a profile of its own if options for one are given.

    The first visit without options goes to the page that the profile began with, which all tests
    use one after another: a page that is opened anew takes half as long again.
    Afterwards no visit may have logged an error or a warning, failed to get anything, or asked
    any other host for anything.
    """
    visits: list[Visit] = []
    contexts: list[BrowserContext] = []
    kept = visitor.pages[0] if visitor.pages else visitor.new_page()

    def open_page(query: str = "?surface=Quadratic", wait: bool = True, **options) -> Visit:
        context = visitor
        if options:
            browser = request.getfixturevalue("browser")
            context = browser.new_context(**{"viewport": DESKTOP, **options})
            contexts.append(context)
        url = urljoin(server, query)
        free = context is visitor and all(made.page is not kept for made in visits)
        page = kept if free else context.new_page()
        visits.append(made := Visit(page, urlsplit(url).netloc))
        made.page.goto(url)
        return made.settled() if wait else made

    yield open_page
    problems = [problem for made in visits for problem in made.problems]
    for made in visits:
        if made.page is kept and not kept.is_closed():
            made.leave()
        else:
            made.page.close()
    for context in contexts:
        context.close()
    assert problems == []
