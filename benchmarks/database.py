"""A PostgreSQL server of one's own, for tests and benchmarks: in a folder that is thrown away."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# ZIGZAG_POSTGRES names another; Debian and Ubuntu have theirs on no PATH.
PROGRAMS = ("postgres", "/usr/lib/postgresql/*/bin/postgres")
SECONDS = 60.0  # to begin


def program() -> Path:
    """Return the server's program; raise FileNotFoundError where there is none."""
    given = os.environ.get("ZIGZAG_POSTGRES")
    for name in [given] if given else PROGRAMS:
        for found in filter(None, [shutil.which(name), *sorted(glob.glob(name), reverse=True)]):
            return Path(found).resolve()
    raise FileNotFoundError("there is no postgres: install it, or set ZIGZAG_POSTGRES")


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a server that listens at a socket in its own folder; yield its address for SQLAlchemy."""
    folder = Path(tempfile.mkdtemp(prefix="zigzag-postgres-"))
    server = None
    # It refuses to run as an administrator.
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    try:
        data, beside = folder / "data", program().parent
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)}
        subprocess.run(
            [beside / "initdb", "-D", data, "-U", "zigzag", "-A", "trust", "-E", "UTF8", "-N"],
            cwd=folder, env=environment, user=user, check=True, capture_output=True,
        )  # fmt: skip
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [beside / "postgres", "-D", data, *options],
                cwd=folder, env=environment, user=user, stdout=log, stderr=log,
            )  # fmt: skip
        ends = time.monotonic() + SECONDS
        asking = [beside / "pg_isready", "-h", folder, "-q"]
        while subprocess.run(asking, env=environment).returncode:
            if server.poll() is not None or time.monotonic() > ends:
                raise RuntimeError((folder / "log").read_text())
            time.sleep(0.05)
        yield f"postgresql://zigzag@/postgres?host={folder}"
    finally:
        if server:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(folder, ignore_errors=True)
