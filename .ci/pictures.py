"""Take the README's pictures from the running app: python .ci/pictures.py URL

Needs a server at URL and the packages of requirements-dev.txt; Pillow comes with Streamlit. The
picture of the cost of a map is measured here, with the functions of `benchmarks/maps.py`: best on
a machine that does nothing else.
"""

from __future__ import annotations

import io
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import plotly
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import maps
from kernels import seconds

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
REPEATS = 5
OUT = Path(__file__).parent / "pictures"
FRAMES = 41
SECONDS = 5.0


def cost() -> dict[str, Any]:
    """Return a chart of the time of a map against its cells, as measured now."""
    data = []
    for name, compute, colour in (
        ("gradient descent", maps.swept_descent, "#0B4F94"),
        ("Adam", maps.swept_adam, "#D2440B"),
    ):
        work = {str(size): partial(compute, maps.starts(size)) for size in maps.SIZES}
        took = seconds(work, REPEATS)
        cells = [int(size) ** 2 for size in took]
        text = [f"{int(size)}²" for size in took]
        line = {"color": colour, "width": 3}
        points = {"x": cells, "y": list(took.values()), "text": text, "line": line}
        data.append({"mode": "lines+markers", "name": name, **points})
    each = {"type": "log", "exponentformat": "power"}
    sides = {"tickvals": cells, "ticktext": text, "title": {"text": "starts"}}
    layout = {
        "title": {"text": "Basins of Himmelblau's surface, 500 updates, two cores"},
        "xaxis": {**each, **sides},
        "yaxis": {**each, "title": {"text": "seconds"}, "dtick": 1},
        "legend": {"x": 0.02, "y": 0.98},
        "width": 640,
        "height": 400,
    }
    return {"data": data, "layout": layout}


def main(url: str) -> None:
    OUT.mkdir(exist_ok=True)
    chromium = os.environ.get("ZIGZAG_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 1280, "height": 800},
            color_scheme="light",
            reduced_motion="reduce",  # else the page plays while it is taken
        )
        page.goto(f"{url}/?preset=headline&step=8")
        page.wait_for_selector("[data-shown]")
        page.screenshot(path=OUT / "lab.png")
        page.set_viewport_size({"width": 1280, "height": 960})
        page.goto(f"{url}/?preset=just-enough")
        page.wait_for_selector("[data-shown]")
        player = page.locator(".zz")
        steps = int(page.locator(".zz-scrub").get_attribute("max") or 1)
        frames = []
        for frame in range(FRAMES):
            step = round(frame * steps / (FRAMES - 1))
            page.locator(".zz-scrub").evaluate(
                "(bar, step) => { bar.value = step; bar.dispatchEvent(new Event('input')); }", step
            )
            picture = Image.open(io.BytesIO(player.screenshot()))
            frames.append(picture.resize((picture.width * 2 // 3, picture.height * 2 // 3)))
        page.set_viewport_size({"width": 1280, "height": 980})
        page.goto(f"{url}/?preset=basins")
        page.get_by_text("256 × 256 starts").wait_for()  # a coarse map comes first
        page.wait_for_selector('[data-test-script-state="notRunning"] [data-shown]')
        page.screenshot(path=OUT / "maps.png")
        page.set_viewport_size({"width": 640, "height": 400})
        page.set_content("<body style='margin: 0'><div id=cost></div>")
        page.add_script_tag(path=PLOTLY)
        page.evaluate("figure => Plotly.newPlot('cost', figure.data, figure.layout)", cost())
        page.screenshot(path=OUT / "cost.png")
        browser.close()
    # An octree keeps the colours of thin lines, which the median cut gives to the ground.
    octree = Image.Quantize.FASTOCTREE
    palette = [frame.convert("RGB").quantize(128, octree) for frame in frames]
    palette[0].save(
        OUT / "crossing.gif",
        save_all=True,
        append_images=palette[1:],
        duration=[round(1000 * SECONDS / FRAMES)] * (FRAMES - 1) + [1500],
        loop=0,
        optimize=True,
    )


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
