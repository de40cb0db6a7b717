"""The files in deploy/ do what they are there for: before the server, and as an image's script."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import COMPILING, DESKTOP, PATIENCE, RESTING, ROOT, Visit
from playwright.sync_api import Browser, expect
from test_browser import RATE, SAVE, SAVE_TABLE, slider_of
from test_start import Started, posix
from test_start import started as started  # a fixture

pytestmark = [posix, pytest.mark.browser]

DEPLOY = ROOT / "deploy"


def program(variable: str, *names: str) -> str:
    """Return a proxy's program; `.ci/zigzag.py test` says in a variable which."""
    found = os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)
    # Not passed over: without it nothing would hold what the README says of proxies.
    assert found, f"these tests need {names[0]}: install it, or set {variable}"
    return found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Return when something listens at a port."""
    ends = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        assert time.monotonic() < ends, "nothing listens"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server below a path."""
    command = [sys.executable, "-m", "views.server.start", "--server.address", "127.0.0.1"]
    command += ["--server.port", "0", "--server.baseUrlPath", "lab"]
    server = Started(command, tmp_path_factory.mktemp("lab") / "log", cwd=ROOT)
    yield server.url()
    server.kill()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine that nobody has signed, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    pair = folder / "zigzag.pem", folder / "zigzag.key"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    make += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*make, "-out", pair[0], "-keyout", pair[1]], check=True, capture_output=True)
    return pair


@pytest.fixture
def proxy(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> Iterator[Callable[[Sequence[str], dict[str, str]], str]]:
    """Run nginx with the file in deploy/ in front of servers; return the address of the page.

    Certificate, ports and addresses are this machine's, and texts of the file may be replaced.
    """
    running: list[subprocess.Popen[bytes]] = []

    def begin(upstreams: Sequence[str], changes: dict[str, str]) -> str:
        port = free_port()
        text = (DEPLOY / "nginx.conf").read_text()
        own = {
            "server 127.0.0.1:8501;": " ".join(f"server {urlsplit(u).netloc};" for u in upstreams),
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/ssl/certs/zigzag.pem": str(certificate[0]),
            "/etc/ssl/private/zigzag.key": str(certificate[1]),
        }
        for old, new in (own | changes).items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        folder = tmp_path / f"nginx{len(running)}"
        folder.mkdir()
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        text = text.replace("http {", f"http {{ access_log off; {places}", 1)
        (folder / "nginx.conf").write_text(f"pid {folder}/pid; daemon off;\n{text}")
        nginx = program("ZIGZAG_NGINX", "nginx", "/usr/sbin/nginx")
        command = [nginx, "-p", str(folder), "-e", str(folder / "log")]
        running.append(subprocess.Popen([*command, "-c", str(folder / "nginx.conf")]))
        wait_for(port)
        return f"https://localhost:{port}/lab/"

    yield begin
    for process in running:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture
def caddy(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Callable[[str, str], str]]:
    """Run Caddy with the file in deploy/ in front of a server; return the address of the page.

    Certificate, port and address are this machine's; a directive handles the path.
    """
    running: list[subprocess.Popen[bytes]] = []

    def begin(upstream: str, directive: str) -> str:
        port = free_port()
        text = (DEPLOY / "Caddyfile").read_text()
        own = {
            "lab.example {": f"https://localhost:{port} {{\ntls {certificate[0]} {certificate[1]}",
            "127.0.0.1:8501": urlsplit(upstream).netloc,
            "    handle /lab/* {": f"    {directive} /lab/* {{",
        }
        for old, new in own.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        # Nothing of this machine's own: no certificate of Caddy's, no port 80 or 2019.
        ours = "{\nadmin off\nskip_install_trust\nauto_https disable_redirects\n}\n"
        (tmp_path / "Caddyfile").write_text(ours + text)
        command = [program("ZIGZAG_CADDY", "caddy"), "run", "--adapter", "caddyfile"]
        command += ["--config", str(tmp_path / "Caddyfile")]
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        with (tmp_path / "log").open("w") as log:
            running.append(subprocess.Popen(command, env=environment, stderr=log))
        wait_for(port)
        return f"https://localhost:{port}/lab/"

    yield begin
    for process in running:
        process.terminate()
        process.wait(PATIENCE)


class Visits:
    """Visitors who trust the certificate."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(viewport=DESKTOP, ignore_https_errors=True)
        self.visits: list[Visit] = []

    def at(self, url: str, host: str = "") -> Visit:
        self.visits.append(Visit(self.context.new_page(), host or urlsplit(url).netloc))
        self.visits[-1].page.goto(url)
        return self.visits[-1]


@pytest.fixture
def visits(browser: Browser) -> Iterator[Visits]:
    """Visitors on whose pages nothing may go wrong."""
    made = Visits(browser)
    yield made
    made.context.close()
    assert [problem for visit in made.visits for problem in visit.problems] == []


def check_the_page_works(visit: Visit, saved: Path) -> None:
    """Move a slider, and save what is shown then."""
    visit.settled()
    with visit.another_scene():
        slider_of(visit.page, RATE).press("ArrowRight")
    visit.page.get_by_role("button", name=SAVE).click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name=SAVE_TABLE).click()
    download.value.save_as(saved)
    assert saved.read_text().startswith("run,step,x,y,loss,lr\n")


LINK = "?surface=Quadratic"


def test_the_page_works_behind_nginx_with_tls_below_a_path(lab, proxy, visits, tmp_path):
    check_the_page_works(visits.at(proxy([lab], {}) + LINK), tmp_path / "saved.csv")


def test_the_page_works_behind_nginx_that_strips_the_path(server, proxy, visits, tmp_path):
    address = proxy([server], {"http://zigzag;": "http://zigzag/;"})
    check_the_page_works(visits.at(address + LINK), tmp_path / "saved.csv")


def test_the_page_works_behind_caddy_with_tls_below_a_path(lab, caddy, visits, tmp_path):
    check_the_page_works(visits.at(caddy(lab, "handle") + LINK), tmp_path / "saved.csv")


def test_the_page_works_behind_caddy_that_strips_the_path(server, caddy, visits, tmp_path):
    check_the_page_works(visits.at(caddy(server, "handle_path") + LINK), tmp_path / "saved.csv")


def test_several_machines_behind_nginx_need_no_stickiness(started, lab, proxy, visits, tmp_path):
    other = started("--server.port", "0", "--server.baseUrlPath", "lab")
    address = proxy([lab, other.url()], {})
    visit = visits.at(address + LINK)
    check_the_page_works(visit, tmp_path / "saved.csv")
    other.kill()  # its visitors go on at the first
    visit.page.reload()
    visit.problems.clear()  # of a socket that was cut off
    check_the_page_works(visit, tmp_path / "again.csv")


def test_the_page_works_in_a_frame_of_another_origin_over_tls(lab, proxy, visits, tmp_path):
    address = proxy([lab], {})
    course = tmp_path / "course"
    course.mkdir()
    (course / "index.html").write_text(
        f'<!doctype html><title>Course</title><link rel="icon" href="data:,">'
        f'<iframe src="{address}{LINK}&embed=true" width="1200" height="880"></iframe>'
    )
    files = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(course)]
    port = free_port()
    pages = subprocess.Popen([*files, str(port)], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        visit = visits.at("about:blank", urlsplit(address).netloc)
        visit.page.goto(f"http://127.0.0.1:{port}/")
        frame = visit.page.frame_locator("iframe")
        expect(frame.locator("[data-shown]").first).to_be_visible()
        player = frame.locator("[data-shown]").first
        before = player.get_attribute("data-scene") or ""
        slider = frame.locator(f'input[type="range"][aria-label="{RATE}"]').first
        slider.press("ArrowRight")
        expect(frame.locator("[data-shown]").first).not_to_have_attribute(
            "data-scene", before or ""
        )
        visit.problems[:] = [p for p in visit.problems if f"127.0.0.1:{port}" not in p]
    finally:
        pages.terminate()
        pages.wait()


# --- Told, not blank

BAR = ".zz-reach"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("proxy_set_header Upgrade $http_upgrade;", "No WebSocket to the server can be opened"),
        ("proxy_set_header Host $http_host;", "does not pass on the Host"),
    ],
)
def test_a_page_that_gets_no_connection_says_what_to_set(lab, proxy, visits, line, told):
    # Of localhost it is known that it is no stranger.
    address = proxy([lab], {line: ""}).replace("localhost", "lab.localhost")
    visit = visits.at(address + LINK)
    expect(visit.page.locator(BAR)).to_contain_text(told)
    assert visit.problems, "the browser has said that it opened no socket"
    visit.problems.clear()
    visit.page.close()


def test_a_page_says_when_the_server_is_gone_and_when_it_was_updated(started, visits):
    port = str(free_port())
    server = started("--server.port", port)
    visit = visits.at(server.url() + LINK).settled()
    expect(visit.page.locator(BAR)).to_have_count(0)
    server.kill()
    expect(visit.page.locator(BAR)).to_contain_text("The server does not answer")
    again = started("--server.port", port)
    again.url()
    visit.page.wait_for_selector(RESTING)
    expect(visit.page.locator(BAR)).to_have_count(0)
    visit.page.route(
        "**/zz/reach*", lambda route: route.fulfill(json={**route.fetch().json(), "edition": "x"})
    )
    for pid in again.serving():
        os.kill(pid, signal.SIGKILL)
    expect(visit.page.locator(BAR)).to_contain_text("The server has been updated")
    visit.problems.clear()
    visit.page.unroute_all(behavior="ignoreErrors")  # one may be under way
    visit.page.close()


# --- The Dockerfile


def instructions() -> dict[str, list[str]]:
    """Return the Dockerfile's lines by their first word."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", "")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            found.setdefault(word, []).append(rest)
    return found


@pytest.fixture
def image() -> Iterator[Path]:
    """A folder in place of /opt, and a /tmp beside it."""
    with tempfile.TemporaryDirectory(prefix="zigzag-image") as folder:
        (Path(folder) / "tmp").mkdir()
        yield Path(folder)
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)


def test_the_dockerfile_makes_a_server_that_needs_no_writing_and_no_rights(image, started):
    lines = instructions()
    assert lines["USER"] == ["65534:65534"]
    port = free_port()

    own = {"/opt/": f"{image}/", "/tmp/": f"{image}/tmp/", "8501": str(port)}

    def here(command: str) -> str:
        return re.sub("|".join(own), lambda found: own[found[0]], command)

    source = image / "zigzag" / "source"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    for name in tracked.split():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": "/nonexistent",
        "TMPDIR": str(image / "tmp"),
        # Nothing is downloaded: what the app needs is that of these tests.
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    site = Path(pytest.__file__).parents[1]
    for command in lines["RUN"]:
        done = subprocess.run(
            ["sh", "-ec", here(command)], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        for found in image.glob("zigzag/venv/lib/python*/site-packages"):
            (found / "rest.pth").write_text(f"{site}\n")
    compiled = sorted((image / "zigzag" / "kernels").rglob("*.nbc"))
    assert compiled
    subprocess.run(["chmod", "-R", "a-w", image / "zigzag"], check=True)
    # As root too: without any capability it may write as little as others.
    bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    blocked = subprocess.run([*bare, "touch", image / "zigzag" / "x"], capture_output=True)
    assert blocked.returncode, "it may write"
    (command,) = lines["CMD"]
    log = image / "tmp" / "log"
    server = Started([*bare, "sh", "-c", here(command)], log, env=environment, cwd="/")
    try:
        url = server.url()
        with urllib.request.urlopen(f"{url}zz/scene?seed=5", timeout=PATIENCE) as answer:
            assert answer.status == 200
        (check,) = lines["HEALTHCHECK"]
        health = ["sh", "-c", here(check.partition("CMD ")[2])]
        healthy(health, environment)
        assert "Compiling" not in server.told
        copies = {path.name: path.stat().st_mtime for path in image.glob("tmp/kernels/**/*.nbc")}
        assert copies == {path.name: path.stat().st_mtime for path in compiled}
        assert not re.search("error|traceback|warning", server.told, re.IGNORECASE)
    finally:
        server.kill()
    assert subprocess.run(
        ["sh", "-c", here(check)], env=environment, capture_output=True
    ).returncode


def healthy(check: list[str], environment: dict[str, str]) -> None:
    ends = time.monotonic() + COMPILING
    while subprocess.run(check, env=environment, capture_output=True).returncode:
        assert time.monotonic() < ends
        time.sleep(0.2)
