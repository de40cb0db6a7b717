"""A first visit: bytes over the wire, who is asked for them, and how long it takes.

The bytes are what a browser with an empty cache receives, headers included, until the first chart
is painted and the network is silent. The times are from the navigation, and for the start of the
server from its launch, until the player has drawn; cold is a server without Numba's disk cache.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from typing import Any
from urllib.parse import urlparse

from common import ROOT, SHOWN, browsers, frames, new_page, report, server, settle
from playwright.sync_api import Browser


def visit(browser: Browser, url: str) -> tuple[float, dict[str, float], set[str]]:
    """Return the seconds to the first chart, the bytes by kind, and the hosts that were asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = {}
    hosts: set[str] = set()

    def asked(event: dict[str, Any]) -> None:
        hosts.add(urlparse(event["request"]["url"]).netloc)

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def finished(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "other")
        sizes[kind] = sizes.get(kind, 0) + event["encodedDataLength"]

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    page.on("websocket", lambda socket: hosts.add(urlparse(socket.url).netloc))
    received, _ = frames(page)
    before = time.monotonic()
    page.goto(url)
    page.wait_for_selector(SHOWN)
    seconds = time.monotonic() - before
    settle(page, 0.5)
    page.wait_for_load_state("networkidle")
    context.close()
    sizes["WebSocket"] = sum(map(len, received))
    return seconds, sizes, {host for host in hosts if host}


def start(browser: Browser, cache: str) -> float:
    """Return the seconds from the launch of a server to the first chart."""
    before = time.monotonic()
    with server(env={"NUMBA_CACHE_DIR": cache}) as ours:
        page = new_page(browser)
        page.goto(ours.url)
        page.wait_for_selector(SHOWN)
        seconds = time.monotonic() - before
        page.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with browsers(1) as (browser,):
        with server() as ours:
            visit(browser, ours.url)  # the server compresses each file once in its life
            visits = [visit(browser, ours.url) for _ in range(repeats)]
            hosts = set().union(*(found for _, _, found in visits)) - {urlparse(ours.url).netloc}
        starts: dict[str, list[float]] = {"cold": [], "warm": []}
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as cache:
                for kind in ("cold", "warm"):
                    starts[kind].append(start(browser, cache))
    sizes = visits[-1][1]
    total = sum(sizes.values()) / 1e6
    more = statistics.median(starts["cold"]) - statistics.median(starts["warm"])
    rows = [
        ("over the wire", f"{total:.2f} MB", "<= 3 MB", total <= 3),
        *(
            (f"  {kind.lower()}", f"{size / 1e6:.2f} MB", "", None)
            for kind, size in sorted(sizes.items(), key=lambda item: -item[1])
        ),
        ("hosts other than our own", ", ".join(sorted(hosts)) or "none", "none", not hosts),
        ("first chart, server warm", f"{statistics.median(v[0] for v in visits):.2f} s", "", None),
        ("server start to first chart", f"{statistics.median(starts['warm']):.2f} s", "", None),
        ("the same, nothing compiled", f"{statistics.median(starts['cold']):.2f} s", "", None),
        ("  more than with a cache", f"{more:.2f} s", "", None),
    ]
    report(f"first visit ({ROOT.name})", rows)


if __name__ == "__main__":
    main()
