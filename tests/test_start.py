"""The start command: its door, its options, its processes and how they end; and the wheel's."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import multiprocessing
import os
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
import tomllib
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets
from conftest import COMPILING, PATIENCE, QUIET, Visit, awaited
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from views.server import server as player
from views.server import start, worker
from views.server.server import OWN

# The query of a small map.
SMALL = "view=Maps&map=Basins+of+attraction&map.starts=64&optimizers=SGD&length=10"

ROOT = Path(__file__).parents[1]
LOCAL = ("--server.address", "127.0.0.1")
ENDS_WITHIN = 5  # seconds
posix = pytest.mark.skipif(os.name == "nt", reason="signals and process groups are POSIX's")


def heeds_signals() -> None:
    """Undo, in a child, what it would inherit: under nohup, or in a script's background, the tests
    themselves ignore signals.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Started:
    """A server in a process group of its own, with what it prints in a file."""

    def __init__(self, command: list[str], log: Path, **options: Any) -> None:
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **{"preexec_fn": heeds_signals, **options},
            )

    @property
    def told(self) -> str:
        return self.log.read_text()

    def url(self) -> str:
        """Return the address that the server prints, once it answers there."""
        ends = time.monotonic() + COMPILING
        while time.monotonic() < ends and self.process.poll() is None:
            found = re.search(r"http://[\w.:]+/\S*", self.told)
            if found:
                with contextlib.suppress(OSError), urllib.request.urlopen(found[0], timeout=5):
                    return found[0]
            time.sleep(0.05)
        pytest.fail(f"the server did not come up:\n{self.told}")

    def serving(self) -> list[int]:
        """Return the processes that serve (Linux)."""
        return [pid for pid in children(self.process.pid) if b"spawn_main" in command_of(pid)]

    def descriptors(self) -> list[int]:
        """Return how many descriptors each process that serves has open (Linux)."""
        return [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.serving()]

    def running(self) -> bool:
        """Tell whether a process of the server is left."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def seconds_to_end(self) -> float:
        """Return how long it takes until the last process of the server is gone."""
        since = time.monotonic()
        while self.process.poll() is None or self.running():
            assert time.monotonic() < since + PATIENCE, "it does not end"
            time.sleep(0.05)
        return time.monotonic() - since

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def children(pid: int) -> list[int]:
    """Return the processes that a process has begun, in whatever thread (Linux)."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has just ended
            found += map(int, thread.read_text().split())
    return found


def command_of(pid: int) -> bytes:
    """Return a process's command line (Linux); nothing for one that has just ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Start a server with options of the start command; it is ended in the end."""
    servers: list[Started] = []

    def begin(*given: str, command: tuple[str, ...] = (), **options: Any) -> Started:
        log = tmp_path / f"log{len(servers)}.txt"
        command = command or (sys.executable, "-m", "views.server.start")
        servers.append(Started([*command, *LOCAL, *given], log, **{"cwd": ROOT, **options}))
        return servers[-1]

    yield begin
    for server in servers:
        server.kill()


def refused(*given: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Return how a start ends that cannot serve."""
    return subprocess.run(
        [sys.executable, "-m", "views.server.start", *LOCAL, *given],
        **{"cwd": ROOT, "capture_output": True, "text": True, "timeout": COMPILING, **options},
    )


# --- The door


def seconds_of_two(host: str, port: int) -> tuple[float, float]:
    """Return the seconds of the first and of the second answer on one connection."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    times = []
    for _ in range(2):
        before = time.perf_counter()
        connection.request("GET", "/_stcore/health")
        connection.getresponse().read()
        times.append(time.perf_counter() - before)
    connection.close()
    return times[0], times[1]


def session(url: str) -> websockets.connect:
    """Open the WebSocket of a session."""
    stream = url.replace("http", "ws") + "_stcore/stream"
    return websockets.connect(stream, subprotocols=[websockets.Subprotocol("streamlit")])


async def seconds_of_answers(url: str, counts: tuple[int, ...]) -> list[float]:
    """Return the seconds until so many requests, sent at once by WebSocket, are answered."""
    times = []
    async with session(url) as server:
        for count in counts:
            request = BackMsg()
            request.file_urls_request.request_id = "any"
            before = time.perf_counter()
            for _ in range(count):
                await server.send(request.SerializeToString())
            while count:
                answer = ForwardMsg()
                answer.ParseFromString(await server.recv())
                count -= answer.WhichOneof("type") == "file_urls_response"
            times.append(time.perf_counter() - before)
    return times


async def descriptors_of_sessions(
    url: str, sessions: int, count: Callable[[], list[int]]
) -> list[int]:
    """Return what `count` does when so many sessions have drawn the page and rest."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(sessions):
            server = await stack.enter_async_context(session(url))
            request = BackMsg()
            request.rerun_script.query_string = ""
            await server.send(request.SerializeToString())
            answer = ForwardMsg()
            while answer.WhichOneof("type") != "script_finished":
                answer.ParseFromString(await server.recv())
        return count()


def check_nothing_waits(url: str) -> None:
    """Assert that no answer waits 40 ms until the other side acknowledges the one before."""
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    pairs = [seconds_of_two(host, int(port)) for _ in range(10)]
    first, second = zip(*pairs, strict=True)
    assert min(second) < 4 * statistics.median(first)
    times = awaited(seconds_of_answers(url, (1, 2) * 10))[2:]
    assert min(times[1::2]) < 4 * statistics.median(times[::2])


def each_makes_files(server: Started) -> None:
    """Return when every process that serves has begun the one that makes files for it."""
    url, ends = server.url(), time.monotonic() + COMPILING
    told = Path("/proc/self/task").exists()
    for tried in itertools.count():
        if all(map(children, server.serving())) if told else tried > 3:
            return
        assert time.monotonic() < ends, server.told
        assert fetched(f"{url}{OWN}/save/x.csv?length=10")[0] == 200


@posix
def test_no_answer_waits_and_the_descriptors_are_enough_for_the_sessions_it_tells(started):
    import resource

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 700))

    server = started("--server.port", "0", preexec_fn=few)
    url = server.url()
    check_nothing_waits(url)
    assert "for 150 sessions each" in server.told
    if Path("/proc/self/fd").exists():
        each_makes_files(server)
        at_rest, sessions = server.descriptors(), 8
        assert max(at_rest) < start.DESCRIPTORS_BESIDE / 2
        more = awaited(descriptors_of_sessions(url, sessions, server.descriptors))
        assert sum(more) - sum(at_rest) <= start.DESCRIPTORS_OF_SESSION * sessions
    assert not QUIET.search(server.told)


@posix
def test_a_control_c_of_the_terminal_goes_to_all_processes_and_is_told_once(started):
    server = started("--server.port", "0")
    server.url()
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.seconds_to_end() < ENDS_WITHIN
    assert server.process.returncode == 0
    assert not QUIET.search(server.told)


@posix
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="it finds the processes by /proc")
def test_a_process_that_was_killed_is_replaced(started):
    server = started("--server.port", "0")
    server.url()
    before = server.serving()
    os.kill(before[0], signal.SIGKILL)
    ends = time.monotonic() + PATIENCE
    while before[0] in (now := server.serving()) or len(now) < len(before):
        assert time.monotonic() < ends, server.told
        time.sleep(0.05)
    server.url()
    os.kill(server.serving()[0], signal.SIGSTOP)  # one that answers nothing delays no signal
    server.process.send_signal(signal.SIGTERM)
    assert server.seconds_to_end() < ENDS_WITHIN


class Place:
    """A process of the supervisor that need not be there."""

    def __init__(self, config: Any = None, sockets: Any = None) -> None:
        self.parent_conn, self.child_conn = multiprocessing.Pipe()
        self.process, self.there, self.exitcode, self.pid = self, True, None, 7
        self.begun = self.killed = 0

    def is_alive(self) -> bool:
        return self.there

    def start(self) -> None:
        self.begun += 1

    def kill(self) -> None:
        self.killed += 1

    def join(self) -> None:
        assert self.killed

    def answer(self) -> None:
        self.child_conn.send(self.child_conn.recv() == b"ping")


def test_a_process_is_replaced_when_it_has_ended_or_says_nothing_for_long(monkeypatch):
    monkeypatch.setattr(start, "Process", Place)
    supervisor: Any = start.Supervisor.__new__(start.Supervisor)  # without taking over signals
    quick, slow, gone = supervisor.processes = [Place(), Place(), Place()]
    supervisor.config, supervisor.sockets, supervisor.asked = None, [], {}
    supervisor.should_exit = threading.Event()
    gone.there = False
    for passed in range(1, 21):
        supervisor.keep_subprocess_alive()
        if quick.child_conn.poll():
            quick.answer()
        assert slow.killed == (passed > 11)
        # As if so many seconds had passed.
        supervisor.asked = {
            place: asked - start.STUCK / 10.5 for place, asked in supervisor.asked.items()
        }
    assert (quick.killed, gone.killed) == (0, 1)
    assert supervisor.processes[0] is quick
    other = supervisor.processes[2]
    assert other.begun == 1
    other.there, other.exitcode = False, worker.BROKEN
    supervisor.keep_subprocess_alive()
    assert supervisor.should_exit.is_set(), "another try would be in vain"
    quick.there = False  # as it ends with all
    supervisor.keep_subprocess_alive()
    assert supervisor.processes[0] is quick
    assert not quick.killed


@posix
def test_two_servers_that_start_together_get_a_port_each(started):
    first, second = started(), started()
    assert first.url() != second.url()
    for server in (first, second):
        assert not re.search("error|died|in use", server.told, re.IGNORECASE)


def test_the_door_is_not_shared_and_tells_why_it_stays_shut():
    with start.listener("127.0.0.1", 0) as door:
        assert door.proto == socket.IPPROTO_TCP  # by which asyncio knows to send at once
        port = door.getsockname()[1]
        result = refused("--server.port", str(port))
    assert result.returncode == 1
    assert re.fullmatch(rf"zigzag: port {port} at 127\.0\.0\.1 .*in use\.\n", result.stderr)


# --- Options


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (("--server.prot", "80"), "--server.port"),
        (("--server.port", "many"), "not a valid integer"),
        (("other.py",), "options only"),
        (("--server.sslCertFile", "cert.pem"), "needed together"),
        (("--server.sslCertFile", "c.pem", "--server.sslKeyFile", "k.pem"), "No such file"),
    ],
)
def test_an_option_that_does_not_fit_is_told_in_a_sentence(given, part):
    result = refused(*given)
    assert result.returncode in (1, 2)
    assert part in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_help_is_given_without_starting_anything():
    result = refused("--help")
    assert result.returncode == 0
    assert "--server.port 80" in result.stdout


@posix
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_it_serves_encrypted(started, tmp_path):
    pair = [tmp_path / "key.pem", tmp_path / "cert.pem"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    make += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*make, "-keyout", pair[0], "-out", pair[1]], check=True, capture_output=True, timeout=60
    )
    options = ("--server.sslKeyFile", str(pair[0]), "--server.sslCertFile", str(pair[1]))
    server = started("--server.port", "0", *options)
    trust = ssl.create_default_context(cafile=str(pair[1]))
    ends = time.monotonic() + COMPILING
    while not (found := re.search(r"https://\S+", server.told)):
        assert time.monotonic() < ends, server.told
        time.sleep(0.05)
    with urllib.request.urlopen(found[0] + "_stcore/health", context=trust, timeout=60) as answer:
        assert answer.status == 200


# --- Under a path


def fetched(url: str) -> tuple[int, str]:
    """Return the status and the type of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.headers.get_content_type()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, ""


@pytest.fixture(scope="module")
def below(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], str]]:
    """Return the address of a server below a path, the same for all who ask for that path."""
    servers: dict[str, Started] = {}

    def address(path: str) -> str:
        if not path:
            return str(request.getfixturevalue("server"))
        if path not in servers:
            command = [sys.executable, "-m", "views.server.start", *LOCAL, "--server.port", "0"]
            log = tmp_path_factory.mktemp("below") / "log"
            servers[path] = Started([*command, "--server.baseUrlPath", path], log, cwd=ROOT)
        return servers[path].url()

    yield address
    for server in servers.values():
        server.kill()


@posix
@pytest.mark.parametrize("path", ["", "lab", "zigzag", "a/b"])
def test_everything_is_served_below_the_path_and_nothing_of_ours_outside(below, path):
    url = below(path)
    assert url.split("/", 3)[3] == (f"{path}/" if path else "")
    own = {
        player.address("player.js"): "text/javascript",
        player.address("plotly.js"): "text/javascript",
        f"{OWN}/save/numbers.csv?length=10&view=Overlay": "text/csv",
        f"{OWN}/save/page.html?length=10&view=Overlay": "text/html",
        f"{OWN}/map/basins.csv?{SMALL}": "text/csv",
    }
    assert {name: fetched(url + name) for name in own} == {n: (200, own[n]) for n in own}
    assert fetched(f"{url}_stcore/health")[0] == 200
    assert fetched(f"{url}{OWN}/anything")[0] == 404
    if path:
        # An address without the last slash, such as people type, keeps the experiment in it.
        with urllib.request.urlopen(f"{url[:-1]}?steps=7", timeout=PATIENCE) as answer:
            assert answer.url == f"{url}?steps=7"
        start = url.removesuffix(f"{path}/")
        assert {fetched(start + name)[0] for name in own} == {404}


@posix
@pytest.mark.browser
@pytest.mark.parametrize("path", ["lab", "zigzag"])
def test_the_page_plays_and_saves_below_a_path(below, visitor, tmp_path, path):
    url = below(path)
    visit = Visit(visitor.new_page(), urlsplit(url).netloc)
    visit.page.goto(url)
    visit.settled()
    visit.page.get_by_role("button", name="Share").click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "saved.csv")
    visit.page.close()
    assert (tmp_path / "saved.csv").read_text().startswith("run,step,x,y,loss,lr\n")
    assert visit.problems == []


# --- The end


def ask_for_hours(server: Started) -> list[socket.socket]:
    """Ask for so large maps that every process computes, and return the open connections."""
    url = server.url()
    large = "surface=Ackley&optimizers=Adam&batch=1&noise=0.1&length=2000&map.starts=512"
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    path = f"/{OWN}/map/basins.csv?view=Maps&map=Basins+of+attraction&{large}"
    each_makes_files(server)
    asked = []
    for _ in range(8):
        asked.append(socket.create_connection((host, int(port)), timeout=PATIENCE))
        asked[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    asked[0].settimeout(2)
    with pytest.raises(TimeoutError):
        asked[0].recv(1)  # it is computed
    return asked


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_it_ends_in_time_whatever_is_computed_and_leaves_no_process(started, name):
    number = signal.Signals[name]
    server = started("--server.port", "0")
    with contextlib.ExitStack() as stack:
        for connection in ask_for_hours(server):
            stack.enter_context(connection)
        server.process.send_signal(number)
        assert server.seconds_to_end() < ENDS_WITHIN
    assert server.process.returncode == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    assert "Traceback" not in server.told


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_it_ends_at_once_while_it_compiles(started, tmp_path, name):
    number = signal.Signals[name]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    server = started("--server.port", "0", env=environment)
    ends = time.monotonic() + COMPILING
    while not (tmp_path / "cache").exists():
        assert time.monotonic() < ends, server.told
        time.sleep(0.05)
    server.process.send_signal(number)
    assert server.seconds_to_end() < ENDS_WITHIN
    interrupted = number in (signal.SIGINT, signal.SIGTERM)
    assert server.process.returncode == (130 if interrupted else -number)
    assert "Traceback" not in server.told


def copied(folder: Path) -> Path:
    """Return a copy of what the server runs."""
    for name in ("landscape", "optimizers", "views", ".streamlit"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", folder)
    return folder


def test_a_broken_module_ends_it_with_one_message(tmp_path):
    root = copied(tmp_path / "copy")
    broken = root / "views" / "theme.py"
    broken.write_text("import nothing_of_that_name\n")
    result = refused(cwd=root)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"zigzag: ModuleNotFoundError: No module named 'nothing_of_that_name' ({broken}, line 1)",
        "zigzag: nothing is served.",
    ]


def test_a_process_that_cannot_load_the_app_says_that_another_try_is_in_vain(monkeypatch, capsys):
    def load(options: dict[str, Any]) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(worker, "load", load)
    with pytest.raises(SystemExit) as ended:
        worker.application({}, None)
    assert ended.value.code == worker.BROKEN
    assert capsys.readouterr().err.startswith("zigzag: ValueError: broken")


UNWRITABLE = """
import os, tempfile
os.access = lambda *arguments, **settings: False  # root may write anywhere: deny it by hand
def none():
    raise FileNotFoundError
tempfile.gettempdir = none
"""


def test_without_any_folder_that_can_be_written_a_sentence_says_so(tmp_path):
    root = copied(tmp_path / "copy")
    file = root / "landscape" / "compiled.py"
    file.write_text(file.read_text().replace("import os\n", f"import os\n{UNWRITABLE}", 1))
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    result = refused(cwd=root, env=environment)
    assert result.returncode == 1
    assert "no folder can be written" in result.stderr
    assert len(result.stderr.splitlines()) == 2


# --- The wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a virtual environment with the wheel, and with the packages of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("zigzag-*.whl")
    venv.create(folder / "venv", with_pip=False)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "rest.pth").write_text(str(Path(pytest.__file__).parents[1]))
    python = folder / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    return python


@posix
@pytest.mark.slow
def test_the_wheel_holds_all_that_is_needed_and_none_of_the_tests(installed):
    code = "import landscape; print(landscape.__file__)"
    out = subprocess.run(
        [installed, "-c", code], cwd=installed.parent, capture_output=True, text=True, check=True
    )
    site = Path(out.stdout).parents[1]
    assert installed.parents[1] in site.parents
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    for name in files.split():
        top = name.split("/")[0]
        if top in ("landscape", "optimizers", "views"):
            assert (site / name).read_bytes() == (ROOT / name).read_bytes()
    assert {path.name for path in site.iterdir() if not path.name.startswith("zigzag-")} == {
        *("landscape", "optimizers", "views", "zigzag", "rest.pth")
    }
    for name in ("app.py", ".streamlit/config.toml"):
        assert (site / "zigzag" / name).read_bytes() == (ROOT / name).read_bytes()


@posix
@pytest.mark.slow
def test_the_installed_command_serves_with_the_apps_own_options(installed, started, tmp_path):
    command = (str(installed.parent / "zigzag"),)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    server = started("--server.port", "0", command=command, cwd=tmp_path, env=environment)
    url = server.url()
    check_nothing_waits(url)
    assert "Compiling" in server.told
    compiled = sorted((tmp_path / "cache").rglob("*.nb?"))
    awaited(descriptors_of_sessions(url, 1, list))
    assert fetched(f"{url}{OWN}/map/basins.csv?{SMALL}")[0] == 200
    assert sorted((tmp_path / "cache").rglob("*.nb?")) == compiled  # no visitor waits for LLVM
    code = (
        "import streamlit as st; from views.server import worker; worker.load({});"
        "print(st.get_option('global.minCachedMessageSize'))"
    )
    out = subprocess.run(
        [installed, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert out.stdout.strip() == str(config["global"]["minCachedMessageSize"])


# --- Facts that stand in two files


def test_the_citation_names_the_version_and_the_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = (ROOT / "CITATION.cff").read_text()
    for name in ("version", "license"):
        assert f"\n{name}: {project[name]}\n" in citation
