"""A lesson in a real browser, by keyboard alone, and a lab in a frame of another origin."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from conftest import PATIENCE, Visit
from playwright.sync_api import Browser, expect

from landscape.language import language, tr
from views.lessons.lesson import filled
from views.lessons.outcome import card_of, outcome
from views.share.share import SANDBOX

pytestmark = pytest.mark.browser
Visits = Callable[..., Visit]

SIZES = {"projector": (1440, 900, "en"), "phone": (390, 844, "ko")}


@pytest.mark.parametrize("size", SIZES)
def test_a_card_is_answered_by_keyboard_plays_and_says_what_was_measured(visit: Visits, size):
    width, height, code = SIZES[size]
    options = {"viewport": {"width": width, "height": height}, "locale": code}
    seen = visit("lessons?lesson=rate&card=4", **options)
    page = seen.page
    found, card = outcome("rate", "4"), card_of("rate", "4")
    with language(code):
        measured = filled(card.measured, found.numbers)
        answer = filled(card.answers[0].text, found.numbers)
    assert seen.step == 0
    # Neither the titles of the panels nor what describes them tells how the runs end.
    assert page.locator(".zz-told >> visible=true").count() == 0
    assert page.locator(".zz-sentence").text_content() == ""
    expect(page.locator(".zz-play")).not_to_be_visible()
    page.keyboard.press(" ")
    page.keyboard.press("End")
    assert seen.step == 0
    button = page.get_by_role("button", name=answer)
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('[data-shown]').dataset.step > 0")
    assert page.locator(".zz-measured").count() == 0
    expect(page.locator(".zz-measured")).to_contain_text(measured, timeout=PATIENCE * 1000)
    expect(page.locator(".zz-right")).to_have_count(1)
    assert page.locator(".zz-sentence").text_content() != ""
    assert "answers=---a" in page.url
    page.reload()
    seen.settled()
    expect(page.locator(".zz-measured")).to_contain_text(measured)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with language(code):
        page.get_by_role("button", name=tr("Try it yourself")).click()
    page.wait_for_url("**/?*preset=four-rates*")
    seen.settled()


def test_in_a_frame_where_weight_decay_moves_the_minimum_is_not_seen_before_the_answer(
    visit: Visits,
):
    page = visit("lessons?lesson=weights&card=1&embed=true").page
    assert not page.locator(".stAppHeader").is_visible()
    moved = page.locator('[class*="tracemoved"] path')
    expect(moved.first).to_be_attached()
    assert moved.locator("visible=true").count() == 0
    page.get_by_role("button", name="Beyond the minimum").click()
    expect(moved.first).to_be_visible()


@pytest.fixture
def framing(server: str) -> Iterator[str]:
    """The address of a page of another origin that holds the lab in a frame."""
    source = f"{server}?preset=headline&amp;hide=settings&amp;embed=true"
    body = (
        "<!doctype html><meta charset=utf-8><link rel=icon href=data:><script>told = [];"
        "addEventListener('message', (e) => e.data.source === 'zigzag' && told.push(e.data));"
        f'</script><iframe src="{source}" width=900 height=640 sandbox="{SANDBOX}"></iframe>'
    ).encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{other.server_port}/"
        other.shutdown()


def test_a_frame_of_another_origin_shows_the_lab_and_is_told_that_it_is_ready(
    browser: Browser, framing: str
):
    page = browser.new_page()
    page.goto(framing)
    page.wait_for_function("told.length > 0", timeout=PATIENCE * 1000)
    assert page.evaluate("told") == [{"source": "zigzag", "state": "ready", "why": ""}]
    frame = page.frame_locator("iframe")
    expect(frame.locator("[data-shown]").first).to_be_visible()
    assert frame.locator(".st-key-row, .st-key-cards").count() == 0
    page.close()


def test_the_page_around_a_frame_is_told_that_it_has_failed_and_why(browser: Browser, framing: str):
    page = browser.new_page()
    page.route_web_socket(re.compile(""), lambda socket: socket.close())
    page.clock.install()
    page.goto(framing)
    frame = page.frames[-1]
    frame.wait_for_selector("[data-testid=stApp]")
    page.clock.run_for(20_000)
    page.wait_for_function("told.length > 0", timeout=PATIENCE * 1000)
    (told,) = page.evaluate("told")
    assert (told["source"], told["state"]) == ("zigzag", "failed")
    assert "WebSocket" in told["why"]
    page.close()
