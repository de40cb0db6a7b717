"""The samples beside a surface made by data, in a real browser."""

from __future__ import annotations

import pytest

from optimizers.simulation.epochs import order

pytestmark = pytest.mark.browser

LINE = "?surface=Linear+regression&optimizers=SGD&samples=64&batch=8&length=60&step=18"
BATCH = "() => document.querySelector('.zz-samples')?.dataset.batch"
LEAST = 240  # of the samples' height, beside panels that are lower: LEAST of player.js
SIZES = [(1440, 900), (1024, 768), (390, 844)]


def batch_of(shown) -> str:
    shown.page.wait_for_function(f"() => ({BATCH})()")
    return str(shown.page.evaluate(BATCH))


@pytest.mark.parametrize(("wide", "high"), SIZES)
@pytest.mark.parametrize("runs", [1, 2, 4])
def test_samples_and_panels_fit_beside_each_other(visit, wide, high, runs):
    rules = "".join(f"&optimizers={rule}" for rule in ["SGD", "Momentum", "RMSProp", "Adam"][:runs])
    link = f"?surface=Linear+regression&batch=8&length=40{rules}"
    shown = visit(link, viewport={"width": wide, "height": high})
    page = shown.page
    batch_of(shown)
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    samples, stage = (page.locator(each).bounding_box() for each in (".zz-samples", ".zz-stage"))
    if wide > 700:
        assert samples["x"] + samples["width"] <= stage["x"]
        assert abs(samples["height"] - max(stage["height"], LEAST)) < 2
        low = page.locator(".zz-lower").bounding_box()["y"]
        assert samples["y"] + samples["height"] < low, "they may go on beside the sliders"
    else:
        curve = page.locator(".zz-curve").bounding_box()
        assert stage["y"] + stage["height"] <= curve["y"]
        assert curve["y"] + curve["height"] <= samples["y"]
        assert curve["y"] + curve["height"] <= high, "what is compared is on the first screen"
    plot = page.locator(".zz-samples > svg").bounding_box()
    assert plot["height"] >= 100
    inside = page.locator(".zz-samples").evaluate(
        "node => node.scrollHeight <= node.clientHeight && node.scrollWidth <= node.clientWidth"
    )
    assert inside


def test_the_batch_of_the_next_update_is_marked_with_its_residuals(visit):
    shown = visit(LINE)
    rows = order(0, 64, 8)
    assert batch_of(shown) == " ".join(map(str, rows[18 * 8 : 19 * 8]))
    marked = shown.page.locator(".zz-marked").first.get_attribute("d")
    assert marked.count("M") == 8
    residuals = shown.page.locator(".zz-residuals").get_attribute("d")
    assert residuals.count("M") == 8
    assert "batch 19" in shown.page.locator(".zz-samples-title").inner_text()
    fit = shown.page.locator(".zz-fit").get_attribute("d")
    shown.page.get_by_role("button", name="One update on").click()
    shown.until("player => player.dataset.step === '19'")
    assert batch_of(shown) == " ".join(map(str, rows[19 * 8 : 20 * 8]))
    assert shown.page.locator(".zz-fit").get_attribute("d") != fit


def test_the_gradients_at_the_head_are_those_of_the_run(visit):
    """The step of SGD goes along its batch's arrow, `factor` times as long."""
    shown = visit(LINE + "&arrows=1")
    batch_of(shown)
    arrow = shown.page.locator(".zz-batch")
    begin, end = (
        [float(each) for each in arrow.get_attribute(f"data-{name}").split(",")]
        for name in ("from", "to")
    )
    points = shown.page.evaluate(
        """() => {
          const dots = [...document.querySelectorAll('.tracedots-0 path.point')];
          return dots.slice(18, 20).map((dot) => dot.getAttribute('transform').match(/-?[\\d.]+/g));
        }"""
    )
    here, there = ([float(each) for each in point] for point in points)
    step = [b - a for a, b in zip(here, there, strict=True)]
    told = [b - a for a, b in zip(begin, end, strict=True)]
    across = step[0] * told[1] - step[1] * told[0]
    long = (step[0] ** 2 + step[1] ** 2) ** 0.5
    assert abs(across) / long < 1.0  # pixels
    assert step[0] * told[0] + step[1] * told[1] > 0
    assert shown.page.locator(".zz-gradients :is(.zz-exact, .zz-cloud, .zz-ball)").count() == 3


def test_the_full_batch_has_no_batch_to_mark(visit):
    shown = visit(LINE.replace("batch=8", "batch=all"))
    assert batch_of(shown) == "all"
    assert shown.page.locator(".zz-gradients path").count() == 0
    assert not shown.page.locator(".zz-residuals").get_attribute("d")


def test_a_batch_of_another_run_is_shown_by_its_mark(visit):
    link = "?surface=Linear+regression&compare=Batch+size&batches=4&batches=16&length=40&step=3"
    shown = visit(link)
    assert len(batch_of(shown).split()) == 4
    button = shown.page.get_by_role("button", name="Batch of batch 16")
    button.click()
    shown.page.wait_for_function(f"() => ({BATCH})().split(' ').length === 16")
    assert button.get_attribute("aria-pressed") == "true"


def test_other_surfaces_and_the_picture_in_space_have_no_samples(visit):
    shown = visit(LINE)
    batch_of(shown)
    with shown.another_scene():
        shown.page.get_by_text("3-D", exact=True).click()
    assert not shown.page.locator(".zz-samples").is_visible()


@pytest.mark.parametrize("surface", ["Logistic regression", "Two features", "Sine fit"])
def test_every_kind_of_samples_is_drawn(visit, surface):
    shown = visit(f"?surface={surface}&optimizers=SGD&batch=8&length=40&step=5")
    assert len(batch_of(shown).split()) == 8
    counts = shown.page.locator(".zz-dots").evaluate_all(
        "nodes => nodes.map((node) => (node.getAttribute('d') ?? '').split('M').length - 1)"
    )
    assert counts[0] + counts[2] == 100
    marked = shown.page.locator(".zz-marked").evaluate_all(
        "nodes => nodes.map((node) => (node.getAttribute('d') ?? '').split('M').length - 1)"
    )
    assert sum(marked[::2]) == 8


DOTS = "(document.querySelector('.zz-dots')?.getAttribute('d') ?? '').split('M').length - 1"


def test_a_sample_that_is_dragged_turns_the_valley(visit):
    link = "?surface=Linear+regression&optimizers=SGD&samples=12&length=40"
    shown = visit(link)
    page = shown.page
    page.wait_for_function(f"() => {DOTS} === 12")
    best = "document.querySelector('.zz-best').getAttribute('d')"
    before, asked = page.evaluate(best), []
    page.on("request", lambda request: asked.append(request.url))
    place = page.locator(".zz-samples > svg").bounding_box()
    path = page.locator(".zz-dots").first.get_attribute("d")
    x, y = (float(each) for each in path[1:].split("h")[0].split(","))
    page.mouse.move(place["x"] + x, place["y"] + y)
    page.mouse.down()
    page.mouse.move(place["x"] + x + 20, place["y"] + place["height"] / 2, steps=4)
    assert page.locator(".zz-held").get_attribute("d")
    page.mouse.up()
    page.wait_for_function(f"before => {best} !== before", arg=before)
    page.wait_for_function(f"() => {DOTS} === 12")
    assert "samples=12" in page.url
    assert not any("zz/scene" in url for url in asked), "no address holds the visitor's data"


def test_data_of_ones_own_are_shown_and_in_no_address(visit, tmp_path):
    shown = visit(LINE.replace("&step=18", ""))
    page, asked = shown.page, []
    page.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
    page.locator(".st-key-popover-surface button").first.click()
    area = page.get_by_role("textbox", name="Your data")
    area.fill("0,1\n1,3\n2,5\n3,7.25\n4,8")
    area.press("Control+Enter")
    page.wait_for_function(f"() => {DOTS} === 5")
    assert len(batch_of(shown).split()) in (0, 1, 5)
    own = tmp_path / "own.csv"
    own.write_text("feature,label\n0.5,1\n1.5,3.125\n2.5,4\n")
    page.locator("input[type=file]").set_input_files(own)
    page.wait_for_function(f"() => {DOTS} === 3")
    broken = tmp_path / "broken.csv"
    broken.write_bytes(bytes(range(256)) * 8)
    page.locator("input[type=file]").set_input_files(broken)
    page.get_by_text("no text in UTF-8").wait_for()
    huge = tmp_path / "huge.csv"
    huge.write_bytes(b"1,2\n" * 300_000)
    page.locator("input[type=file]").set_input_files(huge)
    page.get_by_text("larger than 1 MB").wait_for()
    assert page.evaluate(DOTS) == 3
    assert not any("7.25" in url or "3.125" in url for url in asked)
    assert "7.25" not in page.url
