"""Zigzag's start command: the page, served by a process for each of up to four processors.

    zigzag [options of streamlit run]

`streamlit run --help` lists the options, of which these matter most:

    --server.port 80              the port; without it, the first free one from 8501 on
    --server.address 127.0.0.1    for this machine only
    --server.baseUrlPath lab      serve under http://.../lab
    --server.sslCertFile, --server.sslKeyFile

    --prepare                     compile all kernels, as for an image of a machine, and end

`zigzag map --help` says how to make the file of a map.

Settings of Streamlit's config.toml and its environment variables count as well.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import multiprocessing
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from typing import Any

import click
import streamlit as st
import uvicorn
from streamlit.web import bootstrap, cli
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from views.server import worker
from views.server.board import Board
from views.server.guard import ancestors
from views.server.patience import PatientProtocol

PREPARE = "--prepare"
MOST_WORKERS = 4
PORTS = range(8501, 8600)  # where one is looked for, if none is asked for
BACKLOG = 2048  # connections that wait to be accepted
GRACE = 1  # second that an answer under way has when the server ends
STUCK = 60.0  # seconds after which a process that answers nothing is replaced
MOST_DESCRIPTORS = 65_536
# What a process holds open: for a session its WebSocket and the event loop that Streamlit gives its
# script, and beside the sessions its own files and requests under way. A test counts them.
DESCRIPTORS_OF_SESSION = 4
DESCRIPTORS_BESIDE = 100


LOG = logging.getLogger("uvicorn.error")


class StartError(Exception):
    """Something the user has to put right; its text says what."""


def main(arguments: list[str] | None = None) -> int:
    """Serve the page until it is interrupted, and return the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if {"-h", "--help"} & {*given}:
        print((__doc__ or "").strip())
        return 0
    # Docker and systemd end a service by SIGTERM; until the supervisor takes the signals over, it
    # is an interrupt like any other.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if PREPARE in given:
            prepare(options([each for each in given if each != PREPARE]))
            return 0
        return serve(options(given))
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except StartError as problem:
        print(f"zigzag: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def options(arguments: list[str]) -> dict[str, Any]:
    """Return the options of `streamlit run` that are given, as its own parser reads them.

    Raises a click.ClickException for an unknown option or a value that it does not take.
    """
    # Streamlit's parser also takes a script and arguments for it: here the script is known.
    parsed = cli.main_run.make_context("zigzag", [str(worker.FOLDER / "app.py"), *arguments]).params
    if parsed.pop("args"):
        raise click.UsageError("zigzag takes options only, such as --server.port 80.")
    del parsed["target"]
    return {name: value for name, value in parsed.items() if value not in (None, ())}


def serve(given: dict[str, Any]) -> int:
    """Serve with these options of Streamlit until a signal ends it, and return the exit code.

    A visitor's session stays with the process that took its WebSocket, and everything else that
    the page asks for, any process can answer.
    """
    st.App(worker.FOLDER / "app.py")  # tells Streamlit where the app's own config.toml lies
    bootstrap.load_config_options(given)
    raise_descriptors()
    try:
        ancestors()
    except ValueError as problem:
        raise StartError(str(problem)) from None
    with contextlib.closing(listening(given)) as door:
        workers = min(os.cpu_count() or 1, MOST_WORKERS)
        config = uvicorn.Config(
            functools.partial(worker.application, given, board()),
            factory=True,
            workers=workers,
            log_level="warning",
            access_log=False,
            http=PatientProtocol,
            **encryption(),
            **sockets(),
        )
        prepare(given)
        host, port = door.getsockname()[:2]
        print(f"Zigzag: {' and '.join(addresses(host, port, config.is_ssl))}")
        serving = "1 process serves" if workers == 1 else f"{workers} processes serve"
        print(f"{serving}{room()}. Control-C ends it.", flush=True)
        supervisor = Supervisor(config, [door])
        supervisor.run()
        return int(any(process.exitcode == worker.BROKEN for process in supervisor.processes))


def prepare(given: dict[str, Any]) -> None:
    """Load the app and compile its kernels once, before several processes would do so at once.

    A process of its own does it, whose memory is given back. Raises a StartError, after the
    process has said why, if the app cannot be loaded.
    """
    process = multiprocessing.get_context("spawn").Process(target=worker.prepare, args=(given,))
    process.start()
    try:
        process.join()
    finally:
        process.kill()
    if process.exitcode:
        raise StartError("nothing is served.")


def board() -> Board:
    """Return what the processes share; raise a StartError where the system lets them share none."""
    try:
        return Board()
    except OSError as problem:
        raise StartError(f"processes cannot share memory here: {problem}") from None


def encryption() -> dict[str, Any]:
    """Return uvicorn's options for the certificate and key that Streamlit is given, checked."""
    files = {
        "ssl_certfile": st.get_option("server.sslCertFile"),
        "ssl_keyfile": st.get_option("server.sslKeyFile"),
    }
    if not any(files.values()):
        return {}
    if not all(files.values()):
        raise StartError("server.sslCertFile and server.sslKeyFile are needed together.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*files.values())
    except OSError as problem:
        raise StartError(f"no certificate can be read from {files}: {problem}") from None
    return files


def sockets() -> dict[str, Any]:
    """Return uvicorn's options for WebSockets that Streamlit's stand for."""
    seconds = st.get_option("server.websocketPingInterval") or 30
    return {
        "ws_per_message_deflate": bool(st.get_option("server.enableWebsocketCompression")),
        "ws_ping_interval": seconds,
        "ws_ping_timeout": seconds,
    }


# --- The door


def listening(given: dict[str, Any]) -> socket.socket:
    """Return the socket that listens where Streamlit's options say; all processes share it.

    It is bound here and only once, so that of two servers that start together each gets a port.
    """
    host = st.get_option("server.address") or "0.0.0.0"
    port = int(st.get_option("server.port"))
    ports = PORTS if port == PORTS.start and "server_port" not in given else range(port, port + 1)
    for number in ports:
        try:
            return listener(host, number)
        except OSError as problem:
            told = problem.strerror or problem
    which = f"port {port}" if len(ports) == 1 else f"none of the ports {ports[0]} to {ports[-1]}"
    raise StartError(f"{which} at {host} can be listened at: {told}.")


def listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens at a port; raise an OSError where it cannot."""
    family, kind, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # asyncio sends small packets at once (TCP_NODELAY) on sockets that name their protocol, as the
    # accepted ones then do too. Otherwise every answer, headers and body, waits 40 ms for the other
    # side's delayed acknowledgement; uvicorn and Streamlit leave the protocol out.
    door = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and host == "::":
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        door.bind(address)
        door.listen(BACKLOG)
    except OSError:
        door.close()
        raise
    return door


def addresses(host: str, port: int, encrypted: bool) -> Iterator[str]:
    """Yield the addresses of the page, for this machine and for others."""
    path = "".join(f"{part}/" for part in st.get_option("server.baseUrlPath").split("/") if part)
    start = "https" if encrypted else "http"
    if host in ("0.0.0.0", "::"):
        yield f"{start}://localhost:{port}/{path}"
        yield f"for others {start}://{own_address()}:{port}/{path}"
    else:
        yield f"{start}://{f'[{host}]' if ':' in host else host}:{port}/{path}"


def own_address() -> str:
    """Return this machine's address in its network; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation
            return str(probe.getsockname()[0])
        except OSError:  # no network
            return socket.gethostname()


def raise_descriptors() -> None:
    """Let each process open as many files and connections as the system allows."""
    if os.name == "posix":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
        if soft < most:
            with contextlib.suppress(OSError, ValueError):  # macOS allows less than it says
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def room() -> str:
    """Return how many sessions a process has descriptors for, in words."""
    if os.name != "posix":
        return ""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    sessions = max(0, soft - DESCRIPTORS_BESIDE) // DESCRIPTORS_OF_SESSION
    return f", with descriptors for {sessions:,} sessions each"


# --- The processes


class Supervisor(Multiprocess):
    """uvicorn's processes, which are ended in time whatever they compute."""

    def __init__(self, config: uvicorn.Config, doors: list[socket.socket]) -> None:
        ignored = os.name == "posix" and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        super().__init__(config, doors)
        if ignored:  # by nohup
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.asked: dict[Process, float] = {}  # when, of those that have not answered yet

    def handle_hup(self) -> None:
        """End when the terminal is closed; uvicorn would begin with new processes."""
        self.handle_term()

    def keep_subprocess_alive(self) -> None:
        """Begin another process in place of one that has ended or is stuck.

        uvicorn's own gives each five seconds to answer: on a busy machine that is too short to
        load the app in, and a class would lose its sessions. And signals wait for as long.
        """
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if self.answers(process):
                continue
            self.asked.pop(process, None)
            process.kill()
            process.join()
            if process.exitcode == worker.BROKEN:
                self.should_exit.set()
            if self.should_exit.is_set():
                return
            LOG.warning("Process %s has ended or says nothing: another begins.", process.pid)
            self.processes[place] = Process(self.config, self.sockets)
            self.processes[place].start()

    def answers(self, process: Process) -> bool:
        """Tell whether a process is there and is not stuck; it is asked, and not waited for."""
        if not process.process.is_alive():
            return False
        try:
            if process not in self.asked:
                process.parent_conn.send(b"ping")
                self.asked[process] = time.monotonic()
            elif process.parent_conn.poll():
                process.parent_conn.recv()
                del self.asked[process]
        except (OSError, EOFError):
            return False
        return time.monotonic() < self.asked.get(process, math.inf) + STUCK

    def join_all(self) -> None:
        """Wait until the processes have ended; kill those that compute for longer than GRACE."""
        ends = time.monotonic() + GRACE
        for process in self.processes:
            process.process.join(max(0.0, ends - time.monotonic()))
            if process.process.is_alive():
                process.kill()
                process.join()


if __name__ == "__main__":
    sys.exit(main())
