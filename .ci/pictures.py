"""Take the README's pictures from the running app: python .ci/pictures.py URL

Needs a server at URL and the packages of requirements-dev.txt; Pillow comes with Streamlit.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

OUT = Path(__file__).parent / "pictures"
FRAMES = 41
SECONDS = 5.0


def main(url: str) -> None:
    OUT.mkdir(exist_ok=True)
    chromium = os.environ.get("ZIGZAG_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        page.goto(f"{url}/?preset=book")
        page.wait_for_selector("[data-shown]")
        page.screenshot(path=OUT / "lab.png")
        page.goto(f"{url}/?preset=crossing")
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
        browser.close()
    palette = [frame.convert("P", palette=Image.Palette.ADAPTIVE, colors=64) for frame in frames]
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
