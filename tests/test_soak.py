"""A short class, by the script for a long one: nothing is lost, and nothing is left over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.mark.slow
@pytest.mark.browser  # as long as those, with a server of its own
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="it looks at processes by /proc")
def test_a_class_that_has_gone_leaves_nothing_over():
    command = [sys.executable, "benchmarks/soak.py", "--minutes", "0.2", "--sessions", "8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
