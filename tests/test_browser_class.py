"""A class in real browsers: opened, answered, revealed, and carried over a restart."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DESKTOP, PATIENCE, ROOT
from playwright.sync_api import Browser, Page, expect
from test_start import Started, posix
from test_start import started as started  # a fixture

pytestmark = [posix, pytest.mark.browser]

RATE_FIELD = "Learning rate, as a number"


def come(browser: Browser, url: str, **options: object) -> Page:
    """Open a page as a visitor of one's own."""
    context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-US", **options})
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.goto(url)
    return page


def choose(page: Page, rate: str) -> None:
    page.get_by_label(RATE_FIELD).fill(rate)
    page.get_by_role("button", name="Send").click()


def sent(page: Page) -> None:
    expect(page.locator('.zz-class-said[data-standing="sent"]')).to_be_visible()


def answered(page: Page, count: int, of: int) -> None:
    expect(page.locator(".zz-class-answered")).to_have_text(f"{count} of {of} answered")


def test_a_class_is_opened_answered_and_revealed_and_survives_a_restart(
    browser: Browser, started: Callable[..., Started], tmp_path: Path
):
    server = started("--server.port", "0")
    url = server.url()
    teacher = come(browser, f"{url}class")
    teacher.get_by_label("What the class is asked").select_option("choose-rate")
    teacher.get_by_role("button", name="Open the class").click()
    code = teacher.locator(".zz-class-code").inner_text()
    assert re.fullmatch("[2-9A-HJ-NP-Z]{4}", code)
    expect(teacher.locator(".zz-class-qr svg")).to_be_visible()
    # One comes by the link, the other types the code.
    first = come(browser, f"{url}class?class={code}", viewport={"width": 390, "height": 844})
    second = come(browser, f"{url}class")
    second.get_by_label("Code").fill(code.lower())
    second.get_by_role("button", name="Join").click()
    choose(first, "0.038")
    sent(first)
    answered(teacher, 1, 2)
    # A button is still the same when an answer comes while it is pressed.
    teacher.get_by_role("button", name="Reveal").hover()
    teacher.mouse.down()
    choose(second, "0,05")
    sent(second)
    answered(teacher, 2, 2)
    expect(teacher.locator(".zz-class-hidden")).to_be_visible()
    assert "0.038" not in teacher.locator(".zz-class-stage").inner_text()
    choose(second, "1000")
    expect(second.locator(".zz-class-told")).to_contain_text("100")
    teacher.mouse.up()
    expect(teacher.locator(".zz-class-measured")).to_contain_text("at rate 0.038, from 33.")
    expect(teacher.locator(".zz-class-histogram .bars")).to_have_count(3)
    expect(teacher.locator(".zz-class-kinds li")).to_have_text(
        [
            "0 slide down without a zigzag",
            "1 zigzags and comes down",
            "1 never comes down",
        ]
    )
    # Once more: what was revealed is hidden again.
    send = first.get_by_role("button", name="Send")
    expect(send).to_be_disabled()
    teacher.get_by_role("button", name="Reopen answers").click()
    expect(teacher.locator(".zz-class-hidden")).to_be_visible()
    expect(send).to_be_enabled()
    choose(first, "0.01")
    sent(first)
    teacher.get_by_role("button", name="Reveal").click()
    expect(teacher.locator(".zz-class-kinds")).to_contain_text("1 slides down")
    teacher.get_by_role("button", name="Reopen answers").click()
    with teacher.expect_download() as download:
        teacher.get_by_role("button", name="Save CSV").click()
    download.value.save_as(tmp_path / "answers.csv")
    header, *rows = (tmp_path / "answers.csv").read_text().splitlines()
    assert header == "student,card,question,answer"
    assert sorted(row.rsplit(",", 1)[1] for row in rows) == ["0.01", "0.05"]
    # Without a server nothing is lost. The page must know by then that it may answer again.
    expect(second.get_by_role("button", name="Send")).to_be_enabled()
    port = url.rsplit(":", 1)[1].strip("/")
    server.kill()
    choose(second, "0.02")
    expect(second.locator(".zz-class-said")).to_contain_text("is kept here")
    again = started("--server.port", port)
    assert again.url() == url
    sent(second)
    teacher.reload()
    answered(teacher, 2, 2)
    teacher.get_by_role("button", name="Reveal").click()
    expect(teacher.locator(".zz-class-kinds")).to_contain_text("2 slide down")
    first.reload()
    expect(first.locator(".zz-class-said")).to_contain_text("You chose 0.01.")
    sent(first)
    # Nobody leads it without the key, and one who has the link does.
    teacher.evaluate("navigator.clipboard.writeText = async (text) => { copied = text; }")
    teacher.get_by_role("button", name="Copy the teacher's link").click()
    teacher.wait_for_function("typeof copied === 'string'")
    other = come(browser, teacher.evaluate("copied"))
    answered(other, 2, 2)
    assert "#" not in other.url
    teacher.get_by_role("button", name="End the class").click()
    teacher.get_by_role("button", name="Delete all answers now").click()
    expect(teacher.locator(".zz-class-door")).to_contain_text("The class has ended")
    expect(second.locator(".zz-class-said")).to_have_text(
        "The class has ended, and its answers are deleted."
    )
    expect(second.get_by_role("button", name="Send")).to_be_hidden()
    # A lesson: its cards wait for the teacher, and go on with the class.
    teacher.get_by_label("What the class is asked").select_option("zigzag")
    teacher.get_by_role("button", name="Open the class").click()
    code = teacher.locator(".zz-class-code").inner_text()
    for student in (first, second):
        student.goto(f"{url}class?class={code}")
        student.wait_for_url("**/lessons?*lesson=zigzag*")
    first.locator(".st-key-answer-0 button").click()
    expect(first.locator('.zz-member[data-standing="sent"]')).to_contain_text("when it is revealed")
    answered(teacher, 1, 2)
    first.goto(f"{url}class?class={code}")  # who comes once more has answered
    expect(first.get_by_test_id("stBaseButton-primary")).to_contain_text("A")
    expect(first.locator(".zz-measured")).to_have_count(0)
    teacher.get_by_role("button", name="Reveal").click()
    expect(teacher.locator(".zz-class-bars .zz-right")).to_contain_text("measured")
    expect(teacher.locator(".zz-class-runs .plot-container")).to_be_visible()
    said = teacher.locator(".zz-class-measured p").first.inner_text()
    for student in (first, second):  # who has answered and who has not
        expect(student.locator(".zz-measured")).to_contain_text(said)
    teacher.get_by_role("button", name="Next").click()
    first.wait_for_url("**card=2*")
    second.wait_for_url("**card=2*")
    second.locator(".st-key-answer-0 button").click()
    expect(second.locator('.zz-member[data-standing="sent"]')).to_be_visible()
    teacher.get_by_role("button", name="Next").click()
    second.wait_for_url("**card=3*")
    first.get_by_role("button", name="The class is at card 3").click()
    first.wait_for_url("**card=3*")
    # Everybody chooses a start by a tap.
    body = json.dumps({"subject": "choose-start"}).encode()
    with urllib.request.urlopen(f"{url}zz/class", body) as told:
        opened = json.load(told)
    first.goto(f"{url}class?class={opened['code']}")
    expect(first.locator(".zz-class-ground .plot-container")).to_be_visible()
    first.locator(".zz-class-tap").click()  # in the middle
    first.get_by_role("button", name="Send").click()
    sent(first)
    expect(first.locator(".zz-class-said")).to_contain_text("You chose (")
    teacher.goto(f"{url}class?class={opened['code']}#{opened['key']}")
    answered(teacher, 1, 1)
    teacher.get_by_role("button", name="Present").click()
    teacher.get_by_role("button", name="Reveal").click()
    expect(teacher.locator(".zz-class-measured")).to_contain_text("of 1 ")
    expect(teacher.locator(".zz-class-histogram .bars")).to_have_count(8)
    expect(teacher.get_by_role("button", name="Leave presentation")).to_be_visible()
    expect(teacher.get_by_role("button", name="End the class")).to_have_count(0)
    # One that ends elsewhere leaves a sentence and the way out.
    lead = {"Authorization": f"Bearer {opened['key']}"}
    end = json.dumps({"end": True}).encode()
    urllib.request.urlopen(
        urllib.request.Request(f"{url}zz/class/{opened['code']}", end, lead)
    ).close()
    expect(teacher.locator(".zz-class-door")).to_contain_text("it has ended")
    expect(teacher.get_by_role("link", name="Lessons")).to_be_visible()
    # And many at once, by the script for a whole class.
    command = [sys.executable, "benchmarks/ask.py", "--students", "30", "--seconds", "1"]
    done = subprocess.run(
        [*command, "--at", url], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert re.search(r"30 students, answers lost +0 +0 +ok", done.stdout), done.stdout + done.stderr
    for page in (teacher, first, second, other):
        page.context.close()
