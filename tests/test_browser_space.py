"""The 3-D view in a real browser; without a graphics card Chromium draws WebGL in software."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from conftest import Visit
from playwright.sync_api import expect
from test_browser import (
    DIVERGING,
    EXACT_RATE,
    OVERLAY,
    PAUSE,
    PLAY,
    ROTATION,
    SAVE_PAGE,
    SIDE_BY_SIDE,
    button,
    drawn,
    go,
    link,
    rate,
    set_number,
    slider_of,
)
from test_browser_files import save

from optimizers import Experiment, simulate
from views.presets import DEFAULT
from views.scene import figures, space
from views.scene.figures import RAISED, SPACE, Ground
from views.scene.scene import ground_of
from views.theme import LIGHT

pytestmark = pytest.mark.browser

PICTURE, MESSAGE, NOTES = ".zz-view", ".zz-space [role=alert]", ".zz-space .zz-notes"
RESET = "Reset camera"

HEADS = """
(player) => {
  const box = player.querySelector(".zz-view").getBoundingClientRect();
  return [...player.querySelectorAll(".zz-marks path.point")]
    .filter((node) => /tracehead-/.test(node.closest(".trace").className.baseVal))
    .map((node) => {
      const place = new DOMPoint(0, 0).matrixTransform(node.getScreenCTM());
      const shown = node.style.visibility !== "hidden";
      return { shown, at: [place.x - box.left, place.y - box.top], size: [box.width, box.height] };
    });
}
"""
CAMERA = "(player) => player.querySelector('.zz-surface')._fullLayout.scene.camera"

# How many pixels the canvas of travelled paths has in colour; a copy is read, for reading is slow.
INK = """
(player) => {
  const canvas = player.querySelectorAll(".zz-view > canvas")[1];
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  let ink = 0;
  for (let i = 3; i < data.length; i += 4) ink += data[i] > 0;
  return ink;
}
"""

# The page's scroll position, once it has rested for a third of a second.
SCROLLED = """
(player) => new Promise((done) => {
  const main = document.querySelector("[data-testid=stMain]");
  let [before, rested] = [main.scrollTop, 0];
  const tick = () => {
    rested = main.scrollTop === before ? rested + 1 : 0;
    before = main.scrollTop;
    rested < 20 ? requestAnimationFrame(tick) : done(before);
  };
  tick();
})
"""

# Keeps every WebGL context that is made from now on.
COUNT = """
(player) => {
  const getContext = HTMLCanvasElement.prototype.getContext;
  player.contexts = [];
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    const context = getContext.call(this, kind, ...more);
    if (kind.includes("webgl") && context) player.contexts.push(context);
    return context;
  };
}
"""
WITHOUT = """
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.includes("webgl") ? null : getContext.call(this, kind, ...more);
};
"""

Visits = Callable[..., Visit]


def turn(visit: Visit, right: float, down: float) -> dict:
    """Drag the picture; return where the camera is then."""
    box = visit.page.locator(PICTURE).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = visit.player.evaluate(CAMERA)
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(x + right / 2, y + down / 2)
    visit.page.mouse.move(x + right, y + down)
    visit.page.mouse.up()
    expect(button(visit, RESET)).to_be_visible()
    visit.until(f"(player, before) => ({CAMERA})(player).eye.x !== before", before["eye"]["x"])
    return visit.player.evaluate(CAMERA)


def to_view(visit: Visit, view: str) -> None:
    with visit.another_scene():
        visit.page.get_by_role("radio", name=view, exact=True).click()


def ground(experiment: Experiment) -> Ground:
    return ground_of(experiment, simulate(experiment), SPACE)


def seen(visit: Visit, points: np.ndarray, experiment: Experiment = DEFAULT) -> np.ndarray:
    """Return where points in space (n, 3) are seen, by the textbook's camera: 45 degrees high."""
    layout = space.background(ground(experiment), LIGHT)["layout"]["scene"]
    box = np.array([layout[f"{letter}axis"]["range"] for letter in "xyz"])
    ratio = np.array([layout["aspectratio"][letter] for letter in "xyz"])
    world = (points - box.mean(axis=1)) / np.ptp(box, axis=1) * ratio
    camera = visit.player.evaluate(CAMERA)
    eye, centre, up = (
        np.array([camera[part][letter] for letter in "xyz"]) for part in ("eye", "center", "up")
    )
    ahead = (centre - eye) / np.linalg.norm(centre - eye)
    right = np.cross(ahead, up) / np.linalg.norm(np.cross(ahead, up))
    x, y, depth = np.stack([right, np.cross(right, ahead), ahead]) @ (world - eye).T
    width, height = visit.player.evaluate(HEADS)[0]["size"]
    focus = height / 2 / math.tan(math.pi / 8)
    return np.stack([width / 2 + focus * x / depth, height / 2 - focus * y / depth], axis=1)


def check_heads(visit: Visit, step: int) -> None:
    """Check that every head is within a pixel of where its run was."""
    _, scale = figures.terrain(ground(DEFAULT), RAISED)
    points = [[*t.path[step], float(scale(t.loss[step]))] for t in simulate(DEFAULT)]
    heads = visit.player.evaluate(HEADS)
    assert all(head["shown"] for head in heads)
    np.testing.assert_allclose([h["at"] for h in heads], seen(visit, np.array(points)), atol=1)


def test_the_heads_stand_on_the_surface_where_the_simulation_was(visit: Visits):
    page = visit(link(view=SPACE))
    expect(page.page.get_by_role("application", name="Quadratic in 3-D")).to_be_visible()
    for step in (0, 7, 100):
        go(page, step)
        check_heads(page, step)
    turn(page, 150, -60)
    check_heads(page, 100)


@pytest.mark.parametrize(("size", "share"), [((1280, 900), 0.4), ((390, 844), 0.3)])
def test_the_box_fills_the_canvas_and_no_corner_is_cut(visit: Visits, size, share):
    width, height = size
    page = visit(link(view=SPACE), viewport={"width": width, "height": height})
    layout = space.background(ground(DEFAULT), LIGHT)["layout"]["scene"]
    corners = itertools.product(*(layout[f"{letter}axis"]["range"] for letter in "xyz"))
    places = seen(page, np.array([*corners]))
    size = np.array(page.player.evaluate(HEADS)[0]["size"])
    assert (places > 0).all()
    assert (places < size).all()
    grid = np.stack(np.meshgrid(*((np.arange(100) + 0.5) / 100 * side for side in size)), axis=-1)
    covered = np.ones(grid.shape[:2], bool)
    for one, other in itertools.permutations(places, 2):
        x, y = other - one
        left = [x * (at - one)[..., 1] - y * (at - one)[..., 0] for at in (places, grid)]
        if (left[0] >= -1e-9).all():  # a side of the outline
            covered &= left[1] >= 0
    assert covered.mean() >= share


def test_it_plays_and_the_travelled_paths_grow(visit: Visits):
    page = visit(link(view=SPACE))
    go(page, 0)
    before = page.player.evaluate(INK)
    button(page, PLAY).click()
    page.until("(player) => player.dataset.step > 20")
    button(page, PAUSE).click()
    half = page.player.evaluate(INK)
    go(page, DEFAULT.steps)
    assert before < half < page.player.evaluate(INK)


def test_camera_clock_and_surface_stay_through_changes_and_other_views(visit: Visits):
    page = visit(link(view=SPACE))
    page.player.evaluate(COUNT)
    go(page, 37)
    page.page.wait_for_url("**step=37**")  # all stands there then, and the camera fits its room
    first = page.player.evaluate(CAMERA)
    camera = turn(page, 90, 30)
    surface = page.page.locator(f"{PICTURE} .zz-surface canvas")
    surface.evaluate("(canvas) => (canvas.mine = true)")

    def kept() -> None:
        assert page.player.evaluate(CAMERA) == camera
        assert page.step == 37

    set_number(page, EXACT_RATE, 0.08)
    kept()
    with page.another_scene():
        slider_of(page.page, ROTATION).press("ArrowRight")
    page.page.keyboard.press("Escape")  # what is open over the page
    kept()
    assert surface.evaluate("(canvas) => canvas.mine")
    for view, panels in ((OVERLAY, 1), (SIDE_BY_SIDE, len(DEFAULT.runs))):
        to_view(page, view)
        assert page.page.locator(PICTURE).count() == 0
        assert len({tuple(run["panel"]) for run in drawn(page)}) == panels
        assert page.step == 37
        to_view(page, SPACE)
        kept()
    alive = "(player) => player.contexts.filter((context) => !context.isContextLost()).length"
    assert page.player.evaluate("(player) => player.contexts.length") == 2
    assert page.player.evaluate(alive) == 1
    button(page, RESET).click()
    expect(button(page, RESET)).to_be_hidden()
    # From the same side, as far away as fits the room: that may have changed by some pixels, which
    # count only from ROUGH on (player.js).
    (at, far), (at_first, far_first) = (
        (np.array([*eye.values()]) / size, size)
        for eye in (page.player.evaluate(CAMERA)["eye"], first["eye"])
        for size in [float(np.linalg.norm([*eye.values()]))]
    )
    np.testing.assert_allclose(at, at_first, rtol=1e-9)
    assert far == pytest.approx(far_first, rel=0.02)


def test_a_change_while_it_plays_does_not_stop_it(visit: Visits):
    page = visit(link(view=SPACE))
    page.page.get_by_role("button", name="Loop", exact=True).click()
    button(page, PLAY).click()
    set_number(page, EXACT_RATE, 0.08)
    now = page.step
    page.until("(player, now) => +player.dataset.step !== now", now)
    expect(button(page, PAUSE)).to_be_visible()


def test_a_run_that_leaves_the_frame_is_not_held_in_it(visit: Visits):
    page = visit(link(view=SPACE, **DIVERGING, **rate("Quadratic", "Momentum", 3.0)))
    note = page.page.locator(NOTES)
    # Between a run's name and what became of it stands its loss.
    expect(note).to_contain_text(re.compile(r"SGD \S+ leaves the frame at update"))
    expect(note).to_contain_text(
        re.compile(r"Momentum \S+ leaves the frame at update 1, diverged at update")
    )
    assert [head["shown"] for head in page.player.evaluate(HEADS)] == [False, False, True, True]
    go(page, 0)
    assert all(head["shown"] for head in page.player.evaluate(HEADS))


def test_the_wheel_scrolls_the_page_and_zooms_with_control(visit: Visits):
    page = visit(link(view=SPACE), viewport={"width": 1280, "height": 600})
    before = page.player.evaluate(CAMERA)
    page.page.locator(PICTURE).hover()
    page.page.mouse.wheel(0, 100)
    page.page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 0")
    assert page.player.evaluate(CAMERA) == before
    page.page.keyboard.down("Control")
    page.page.mouse.wheel(0, 100)
    page.page.keyboard.up("Control")
    page.until(f"(player, z) => ({CAMERA})(player).eye.z > z", before["eye"]["z"])


def test_the_keys_turn_the_picture_that_is_in_focus_and_else_step(visit: Visits):
    page = visit(link(view=SPACE))
    before = page.player.evaluate(CAMERA)
    go(page, 5)
    page.page.locator(PICTURE).click()
    page.page.keyboard.press("ArrowRight")
    page.until("(player) => player.dataset.step === '6'")
    assert page.player.evaluate(CAMERA) == before
    page.page.locator(PICTURE).focus()
    page.page.keyboard.press("ArrowLeft")
    page.page.keyboard.press("+")
    page.until(f"(player, z) => ({CAMERA})(player).eye.z < z", before["eye"]["z"])
    after = page.player.evaluate(CAMERA)
    assert after["eye"]["y"] / after["eye"]["x"] != before["eye"]["y"] / before["eye"]["x"]
    assert page.step == 6


def test_without_webgl_a_message_stands_in_the_place_of_the_view(visit: Visits):
    page = visit(color_scheme="light")
    page.page.add_init_script(WITHOUT)
    page.page.reload()
    page.settled()
    to_view(page, SPACE)
    expect(page.page.locator(MESSAGE)).to_contain_text("WebGL")
    button(page, "To the start").click()
    assert page.step == 0
    to_view(page, OVERLAY)
    assert len(drawn(page)) == len(DEFAULT.runs)


def test_the_saved_page_shows_the_view_without_a_network(visit: Visits, tmp_path):
    saved = save(visit(link(view=SPACE)), SAVE_PAGE, tmp_path)
    alone = visit(saved.as_uri(), wait=False, offline=True)
    alone.player.wait_for()
    check_heads(alone, DEFAULT.steps)
    turn(alone, 100, 0)
    check_heads(alone, DEFAULT.steps)


def test_a_finger_that_moves_up_scrolls_and_one_that_moves_sideways_turns(visit: Visits):
    page = visit(link(view=SPACE), viewport={"width": 390, "height": 700}, has_touch=True)
    touch = page.page.context.new_cdp_session(page.page)

    def swipe(right: float, down: float) -> None:
        box = page.page.locator(PICTURE).bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for i in range(9):
            point = {"x": x + right * i / 8, "y": y + down * i / 8}
            kind = "touchMove" if i else "touchStart"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    before = page.player.evaluate(CAMERA)
    swipe(80, 4)
    page.until(f"(player, x) => ({CAMERA})(player).eye.x !== x", before["eye"]["x"])
    assert page.player.evaluate(SCROLLED) == 0
    before = page.player.evaluate(CAMERA)
    swipe(0, -160)
    assert page.player.evaluate(SCROLLED) > 50
    assert page.player.evaluate(CAMERA) == before
