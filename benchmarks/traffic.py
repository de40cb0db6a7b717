"""Bytes over the WebSocket and by HTTP for one changed setting, and which elements take them.

One number is the median sum of the messages' sizes, in one direction, between a key press on a
focused slider and the end of the script run that follows; pictures and words come by HTTP, as the
browser counts them. Streamlit's own messages are not compressed by default.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict

from common import (
    LARGE,
    SHOWN,
    SLIDER,
    SMALL,
    Row,
    Setting,
    browsers,
    frames,
    new_page,
    report,
    server,
    settle,
)
from playwright.sync_api import Browser
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


def kind(message: ForwardMsg) -> str:
    """Return what a message carries: the element's type, or the message's own."""
    if not message.HasField("delta"):
        return message.WhichOneof("type") or "empty"
    if not message.delta.HasField("new_element"):
        return message.delta.WhichOneof("type") or "empty"
    return message.delta.new_element.WhichOneof("type") or "empty"


ANSWERED = """() => performance.getEntriesByType("resource")
  .filter(({ name }) => name.includes("/zz/"))
  .reduce((sum, { transferSize }) => sum + transferSize, 0)"""

Change = tuple[list[bytes], list[bytes], int]


def changes(browser: Browser, url: str, presses: int) -> list[Change]:
    """Return for each press what messages were received and sent, and the bytes of answers."""
    page = new_page(browser)
    received, sent = frames(page)
    page.goto(url)
    page.wait_for_selector(SHOWN)
    settle(page, 1)
    page.get_by_role("slider", name=SLIDER).focus()
    found = []
    for turn in range(presses + 2):
        received.clear()
        sent.clear()
        page.evaluate("() => performance.clearResourceTimings()")
        shown = page.locator(SHOWN).get_attribute("data-shown")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(f"{SHOWN}:not([data-shown='{shown}'])")
        settle(page, 0.5)
        if turn > 1:  # by then unchanged elements are known to be
            found.append((list(received), list(sent), int(page.evaluate(ANSWERED))))
    page.close()
    return found


def breakdown(setting: Setting, messages: list[bytes], sent: list[bytes]) -> None:
    sizes: dict[str, list[int]] = defaultdict(list)
    for data in messages:
        sizes[kind(ForwardMsg.FromString(data))].append(len(data))
    rows = sorted(((sum(of), len(of), name) for name, of in sizes.items()), reverse=True)
    texts = [(f"{name} ({count})", f"{total:,}", "", None) for total, count, name in rows]
    for data in sent:
        state = BackMsg.FromString(data).rerun_script
        texts.append(("sent: widget states", f"{state.widget_states.ByteSize():,}", "", None))
        known = sum(len(hash_) + 2 for hash_ in state.cached_message_hashes)
        texts.append(("sent: hashes of known messages", f"{known:,}", "", None))
    report(f"one change, {setting}: bytes", texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=10)
    presses = parser.parse_args().presses
    rows: list[Row] = []
    with server() as ours, browsers(1) as (browser,):
        for setting, target in ((SMALL, 25), (LARGE, 100)):
            found = changes(browser, f"{ours.url}?{setting.query()}", presses)
            received = statistics.median(sum(map(len, change[0])) for change in found) / 1000
            sent = statistics.median(sum(map(len, change[1])) for change in found) / 1000
            answered = statistics.median(change[2] for change in found) / 1000
            both = received + sent + answered
            rows.append((f"{setting}, all", f"{both:.1f} kB", f"<= {target} kB", both <= target))
            rows.append((f"{setting}, messages received", f"{received:.1f} kB", "", None))
            rows.append((f"{setting}, messages sent", f"{sent:.1f} kB", "", None))
            rows.append((f"{setting}, pictures and words", f"{answered:.1f} kB", "", None))
            messages, replies, _ = found[-1]
            breakdown(setting, messages, replies)
    report("one change", rows)


if __name__ == "__main__":
    main()
