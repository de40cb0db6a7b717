"""Screens of other sizes and colours, and the files that a page saves, in a browser."""

from __future__ import annotations

import base64
import csv
import re
from itertools import groupby
from xml.etree import ElementTree

import pytest
from conftest import Visit
from playwright.sync_api import expect
from test_browser import (
    EXACT_RATE,
    FRAMES,
    LEAVING,
    PANELS,
    PLAY,
    SAVE,
    SAVE_PAGE,
    SAVE_TABLE,
    SPEED,
    Visits,
    button,
    check_heads,
    drawn,
    link,
    set_number,
)

from landscape import SURFACES
from landscape.language import number as language_number
from optimizers import simulate
from views.presets import DEFAULT
from views.theme import LIGHT

pytestmark = pytest.mark.browser

# --- Screens


def test_a_phone_needs_no_sideways_scrolling(visit: Visits):
    phone = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    sizes = phone.page.evaluate(
        "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".map((element) => [element.scrollWidth, element.clientWidth])"
    )
    assert all(whole <= seen for whole, seen in sizes)
    runs = drawn(phone)
    assert len({run["panel"][0] for run in runs}) == 1, "one column"
    assert all(0 <= run["panel"][0] < run["panel"][2] <= 390 for run in runs)
    controls = phone.page.locator(".zz-controls :is(button:visible, select)").all()
    assert len(controls) >= 7
    for control in controls:
        box = control.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
        assert box["x"] + box["width"] <= 390


@pytest.mark.parametrize("width", [390, 1280])
def test_every_run_is_named_at_the_end_of_its_curve_and_no_two_names_touch(visit: Visits, width):
    page = visit(viewport={"width": width, "height": 844}).page
    names = page.locator(".zz-ends button")
    expect(names).to_have_count(len(DEFAULT.runs))
    boxes = [name.bounding_box() for name in names.all()]
    curve = page.locator(".zz-curve").bounding_box()
    plot = page.locator(".zz-loss .nsewdrag, .zz-loss .plotclip").first.bounding_box()
    assert curve
    for i, box in enumerate(boxes):
        assert box["height"] >= 24
        assert box["x"] + box["width"] <= curve["x"] + curve["width"] + 1
        assert curve["y"] <= box["y"]
        assert plot is None or plot["x"] + plot["width"] <= box["x"]
        for other in boxes[:i]:
            apart = abs(box["y"] - other["y"])
            assert apart >= min(box["height"], other["height"]) - 0.01
    # A phone has the losses above the panel alone.
    digits, said = (3, page.locator(".zz-notes [data-run]")) if width == 390 else (2, names)
    shown = [language_number(float(run.loss[-1]), digits) for run in simulate(DEFAULT)]
    assert [text.split()[-1] for text in said.all_inner_texts()] == shown
    own = [[run.optimizer, loss] for run, loss in zip(DEFAULT.runs, shown, strict=True)]
    labels = [name.inner_text().split()[1:] for name in names.all()]
    assert labels == ([[name] for name, _ in own] if width == 390 else own)


def test_the_charts_follow_the_width_of_the_window(visit: Visits):
    page = visit()
    wide = drawn(page)
    page.page.set_viewport_size({"width": 700, "height": 900})
    page.until(
        "(player) => ['back', 'front', 'loss'].every((part) =>"
        " document.querySelector(`.zz-${part}`)._fullLayout.width < 700)"
    )
    page.player.evaluate(FRAMES, 2)
    narrow = drawn(page)
    assert [run["at"] for run in narrow] == [pytest.approx(run["at"], abs=0.1) for run in wide]
    check_heads(narrow)


COLOURS = """
(player) => [
  getComputedStyle(document.querySelector('[data-testid="stApp"]')).color,
  getComputedStyle(player.querySelector(".zz-notes > div")).color,
]
"""


def test_the_titles_have_the_text_colour_of_the_theme(visit: Visits):
    pages = {scheme: visit(color_scheme=scheme) for scheme in ("light", "dark")}
    colours = {scheme: page.player.evaluate(COLOURS) for scheme, page in pages.items()}
    assert all(page == panel for page, panel in colours.values()), colours
    assert colours["light"] != colours["dark"]


def test_the_panels_follow_when_the_theme_changes(visit: Visits):
    page = visit(color_scheme="light")
    with page.another_scene():
        page.page.emulate_media(color_scheme="dark")
    shown, panel = page.player.evaluate(COLOURS)
    assert shown == panel


# --- Files


def save(visit: Visit, what: str, folder) -> str:
    visit.page.get_by_role("button", name=SAVE).click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name=what).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


# How many pixels of a picture have each colour, as "#rrggbb".
PIXELS = """async (base64) => {
  const image = new Image();
  image.src = `data:image/png;base64,${base64}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const counts = new Map();
  for (let i = 0; i < data.length; i += 4) {
    const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const name = (colour) => `#${colour.toString(16).padStart(6, "0")}`;
  return Object.fromEntries([...counts].filter(([, n]) => n > 100).map(([c, n]) => [name(c), n]));
}"""


def test_saved_pictures_show_what_the_page_shows_and_need_nothing_of_it(visit: Visits, tmp_path):
    page = visit()
    page.page.get_by_role("button", name=SAVE).click()
    saved = {}
    for what in ("slide (PNG)", "print (PNG)", "lines (SVG)"):
        with page.page.expect_download() as download:
            page.page.get_by_role("button", name=what).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        saved[what] = path.read_bytes()
    assert len({*tmp_path.iterdir()}) == len(saved)
    for what, wide in (("slide (PNG)", 1920), ("print (PNG)", 4800)):
        assert saved[what].startswith(b"\x89PNG")
        assert int.from_bytes(saved[what][16:20], "big") == wide
        seen = page.page.evaluate(PIXELS, base64.b64encode(saved[what]).decode())
        assert all(seen.get(colour.lower(), 0) > 1000 for colour in LIGHT.runs[:2])
    svg = ElementTree.fromstring(saved["lines (SVG)"])
    kept = {name.split("}")[-1] for node in svg.iter() for name in node.keys()}  # noqa: SIM118
    assert "class" not in kept
    assert b"http://127" not in saved["lines (SVG)"]
    words = [node.text for node in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"SGD", "Momentum", "loss", "updates"} <= {*words}
    title = page.page.locator(".zz-title").inner_text().split()
    assert words[: len(title)] == title
    assert b"@font-face{font-family:" in saved["lines (SVG)"], "the page's typeface is in it"
    assert b"src:url(data:font/woff2;base64,d09GM" in saved["lines (SVG)"]
    alone = visit(path.as_uri(), wait=False, offline=True)
    paths = "(all, of) => [...all.querySelectorAll(of)].map((node) => node.getAttribute('d'))"
    drawn_there = page.player.evaluate(paths, "path.js-line")  # a class that the file has not
    drawn_here = alone.page.locator("svg").first.evaluate(paths, "path")
    assert drawn_there
    assert {*drawn_there} <= {*drawn_here}


# What a browser finds in a film: its seconds, its pixels, and how many of those of its last picture
# are close to each of some colours, which a video does not keep exactly.
FILMED = """async ([base64, type, colours]) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const seen = (image, width, height, seconds) => {
    [canvas.width, canvas.height] = [width, height];
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const counts = colours.map((colour) => {
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        count += colour.every((channel, c) => Math.abs(data[i + c] - channel) < 32);
      }
      return count;
    });
    return [seconds, [width, height], counts];
  };
  if (type === "gif") {
    const decoder = new ImageDecoder({ data: bytes, type: "image/gif" });
    await Promise.all([decoder.completed, decoder.tracks.ready]);
    let [seconds, last] = [0, null];
    for (let frameIndex = 0; frameIndex < decoder.tracks.selectedTrack.frameCount; frameIndex++) {
      const { image } = await decoder.decode({ frameIndex });
      seconds += image.duration / 1e6;
      last?.close();
      last = image;
    }
    const found = seen(last, last.displayWidth, last.displayHeight, seconds);
    last.close();
    decoder.close();
    return found;
  }
  const video = document.createElement("video");
  video.muted = true;
  const url = URL.createObjectURL(new Blob([bytes], { type: `video/${type}` }));
  const come = (name) => new Promise((done) => video.addEventListener(name, done, { once: true }));
  const loaded = come("loadeddata");
  video.src = url;
  await loaded;
  const sought = come("seeked");
  video.currentTime = 1e6;
  await sought;
  return seen(video, video.videoWidth, video.videoHeight, video.duration);
}"""
FILM = re.compile(r": (\d+) s, (\d+) × (\d+) pixels, ([\d.]+) MB, press to save$")


def test_the_playback_is_saved_as_a_film_whose_size_and_seconds_are_said(visit: Visits, tmp_path):
    page = visit(link(length=10, speed=4))
    at = page.step
    page.page.get_by_role("button", name=SAVE).click()
    for title, most in (("Animation (GIF)", 2**19), ("Video", 2**20)):
        film = page.page.locator(".zz-film", has_text=title)
        film.click()
        expect(film).to_have_text(FILM, timeout=60_000)
        said = FILM.search(film.inner_text())
        assert said
        seconds, *size = map(int, said.groups()[:3])
        assert page.step == at, "the clock stands where it stood"
        with page.page.expect_download() as download:
            film.click()
        expect(film).to_have_text(title)
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        colours = [[int(run[i : i + 2], 16) for i in (1, 3, 5)] for run in LIGHT.runs[:2]]
        data = base64.b64encode(path.read_bytes()).decode()
        long, seen, counts = page.page.evaluate(FILMED, [data, path.suffix[1:], colours])
        assert float(said[4]) == pytest.approx(path.stat().st_size / 1e6, rel=0.06)
        assert seconds == 4, "a quarter of the playback, and a rest"
        assert long == pytest.approx(seconds, abs=1)  # a busy machine stops later
        assert seen == size
        assert 0.98 * most <= size[0] * size[1] <= most
        assert min(counts) > 500, "both runs are seen in the end"


def test_a_film_of_what_is_no_longer_shown_is_not_saved(visit: Visits):
    page = visit(link(length=10))
    page.page.get_by_role("button", name=SAVE).click()
    film = page.page.locator(".zz-film", has_text="Video")
    film.click()
    expect(film).to_have_text(re.compile("% made, press to stop$"))
    film.click()
    expect(film).to_have_text("Video")
    film.click()
    expect(film).to_have_text(re.compile("% made, press to stop$"))
    set_number(page, EXACT_RATE, 0.08)
    expect(film).to_have_text("Video")


def test_the_saved_page_plays_without_a_network(visit: Visits, tmp_path):
    page = visit()
    saved = save(page, SAVE_PAGE, tmp_path)
    alone = visit(saved.as_uri(), wait=False, offline=True)
    alone.player.wait_for()
    assert alone.page.locator(PANELS).count() == len(DEFAULT.runs)
    assert [run["at"] for run in drawn(alone)] == [
        pytest.approx(run["at"], abs=0.1) for run in drawn(page)
    ]
    alone.page.get_by_role("combobox", name=SPEED, exact=True).select_option("4")
    button(alone, PLAY).click()
    alone.until("(player) => player.dataset.step > 0 && player.dataset.step < 90")
    check_heads(drawn(alone))
    expect(button(alone, PLAY)).to_be_visible()
    assert alone.step == DEFAULT.steps


def test_the_saved_table_holds_every_step_of_every_run(visit: Visits, tmp_path):
    saved = save(visit(link(length=20, **LEAVING)), SAVE_TABLE, tmp_path)
    header, *rows = csv.reader(saved.read_text().splitlines())
    assert header == ["run", "step", "x", "y", "loss", "lr"]
    runs = {name: list(rows) for name, rows in groupby(rows, key=lambda row: row[0])}
    assert list(runs) == [run.optimizer for run in DEFAULT.runs]
    assert len(runs["SGD"]) < 21, "it diverged"
    for name, steps in runs.items():
        assert [int(row[1]) for row in steps] == list(range(len(steps)))
        assert name == "SGD" or len(steps) == 21
        assert steps[0][2:4] == [repr(value) for value in SURFACES["Quadratic"].start]
        assert steps[0][5] == ""
        assert all(float(row[5]) > 0 for row in steps[1:])
