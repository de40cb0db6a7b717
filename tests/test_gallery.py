"""The gallery without a browser: its cards, their pictures, and the way from one to the next."""

from __future__ import annotations

import importlib.util
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import ROOT
from streamlit.testing.v1 import AppTest

from landscape.language import PSEUDO, language, tr
from views.gallery.gallery import cards, neighbours
from views.lessons import LESSONS
from views.presets import GROUPS, LISTED, PRESETS
from views.server.server import FILES, content
from views.settings.settings import VERSION, Settings, read

DRAWN = [preset for preset in LISTED if not preset.map]
MAPPED = [preset for preset in LISTED if preset.map]


def script() -> Any:
    """Return what draws the pictures."""
    spec = importlib.util.spec_from_file_location("gallery_pictures", ROOT / ".ci" / "gallery.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made() -> Any:
    return script()


def test_every_preset_and_lesson_has_a_picture_of_its_experiment_and_no_other_has(made):
    names = [preset.slug for preset in LISTED], [*LESSONS]
    assert len(made.FILES) == len(names)
    for (out, sources), listed in zip(made.FILES.items(), names, strict=True):
        kept = made.kept(out)
        assert [*kept] == [source.name for source in sources] == [*listed]
        for source in sources:
            assert f'data-of="{made.digest(source)}"' in kept[source.name], source.name


def numbers(symbol: str) -> list[float]:
    return [float(text) for text in re.findall(r"-?\d*\.?\d+", symbol)]


def check_current(made: Any, name: str, out: Any) -> None:
    """Compare a picture with one that is drawn now, as far as other machines round alike."""
    (source,) = (source for source in made.FILES[out] if source.name == name)
    kept, fresh = made.kept(out)[name], made.symbol(source)
    assert re.sub(r"[\d.]+", "", kept) == re.sub(r"[\d.]+", "", fresh)
    assert numbers(kept) == pytest.approx(numbers(fresh), abs=0.11)


@pytest.mark.parametrize("preset", DRAWN, ids=lambda preset: preset.slug)
def test_a_picture_is_what_the_app_draws_now(made, preset):
    check_current(made, preset.slug, made.OUT)


@pytest.mark.parametrize("name", LESSONS)
def test_a_picture_of_a_lesson_is_what_the_app_draws_now(made, name):
    check_current(made, name, made.LESSONS_OUT)


@pytest.mark.slow
@pytest.mark.parametrize("preset", MAPPED, ids=lambda preset: preset.slug)
def test_a_picture_of_a_map_is_what_the_app_draws_now(made, preset):
    check_current(made, preset.slug, made.OUT)


def test_the_pictures_are_small_and_have_two_colours_for_two_themes(made):
    assert len(content(FILES["pictures.svg"])) < 450_000
    for symbol in (*made.kept().values(), *made.kept(made.LESSONS_OUT).values()):
        assert len(symbol) < 30_000
        colours = re.findall(r'(?:fill|stroke)="([^"]+)"', symbol)
        assert len({*colours}) >= 4
        pair = r"light-dark\(#[0-9a-f]{6},#[0-9a-f]{6}\)"
        assert all(colour == "none" or re.fullmatch(pair, colour) for colour in colours)


def test_the_cards_are_the_presets_by_groups_with_their_counts():
    found = cards(Settings({"preset": "zigzag"}))
    slugs = [card["slug"] for group in found["groups"] for card in group["cards"]]
    assert slugs == [preset.slug for preset in LISTED]
    assert found["here"] == "zigzag"
    assert found["all"] == f"All {len(LISTED)}"
    counts = [int(group["filter"].rsplit(" ", 1)[1]) for group in found["groups"]]
    assert counts == [len(group["cards"]) for group in found["groups"]]
    assert sum(counts) == len(LISTED)
    assert len({group["filter"] for group in found["groups"]}) == len(counts)


@pytest.mark.parametrize("lang", [{}, {"lang": PSEUDO}], ids=["english", "pseudo"])
def test_the_link_of_a_card_opens_its_preset_in_the_same_language(lang):
    settings = Settings({"preset": "zigzag", "noise": 2.0, **lang})
    with language(settings["lang"]):
        found = cards(settings)
    for group in found["groups"]:
        for card in group["cards"]:
            opened, notes = read(parse_qs(urlsplit(card["link"]).query))
            assert notes == []
            assert opened.values == {"preset": card["slug"], **lang}


def test_next_and_previous_pass_through_all_in_order_and_begin_again():
    slugs = [preset.slug for preset in LISTED]
    slug, passed = slugs[0], []
    for _ in slugs:
        passed.append(slug)
        onward = neighbours(slug)["next"]
        assert neighbours(onward)["previous"] == slug
        slug = onward
    assert passed == slugs
    assert slug == slugs[0]


def test_an_experiment_that_is_not_in_the_gallery_leads_to_its_first():
    hidden = [preset.slug for preset in PRESETS.values() if not preset.listed]
    assert hidden
    assert all(neighbours(slug) == {"next": LISTED[0].slug} for slug in hidden)


def test_the_lab_steps_from_a_preset_to_the_next_and_back():
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.query_params["preset"] = LISTED[0].slug
    app.run()
    app.button(key="next experiment").click().run()
    assert not app.exception
    assert app.query_params == {"v": VERSION, "preset": LISTED[1].slug}
    assert any(f"2 of {len(LISTED)}" in caption.value for caption in app.caption)
    app.button(key="previous experiment").click().run()
    assert app.query_params == {"v": VERSION, "preset": LISTED[0].slug}


def test_groups_have_names_of_their_own():
    assert len({group.short for group in GROUPS.values()}) == len(GROUPS)
    for code in ("en", "ko"):
        with language(code):  # what a filter leaves is named as the filter is
            for group in GROUPS.values():
                assert tr(group.name).lower().startswith(tr(group.short).lower())
