"""The lab in Korean: its texts, whose language it speaks, and that of what it saves."""

from __future__ import annotations

import base64
import csv
import html
import json
import re
from typing import Any
from urllib.parse import parse_qs

import pytest
from babel.messages.pofile import read_po
from conftest import ROOT, answer_of
from streamlit.testing.v1 import AppTest
from test_map_pages import small
from test_payload import unpack
from test_texts import words

from landscape.language import FOLDER, PSEUDO, language, tr
from optimizers import OPTIMIZERS, Experiment, Run
from optimizers.analysis.statements import TEMPLATES
from views.live.answer import asked, described
from views.maps.files import table
from views.presets import OPENING, PRESETS
from views.report.report import LISTINGS
from views.server.save import serve
from views.settings import session
from views.settings.settings import VERSION, Settings, bare, read, write

HANGUL = re.compile(r"[가-힣]")
# A translation without a Korean letter is one of a name, a symbol or a reference with its year.
NO_TRANSLATION = re.compile(
    r"\d{4}|torch\.|^\{[^}]*\}|^Zigzag: |^(?:\w{1,2}|eps|beta1|beta2|lr \{rate\}|x \{x\}, y \{y\})$"
    r"|^(?:PyTorch|Keras|EMA|Ackley|Beale|Himmelblau|Rastrigin|Rosenbrock|Styblinski-Tang"
    r"|Booth|Matyas|McCormick|Goldstein-Price|Easom)$"
)
# After a placeholder, whose last sound is not known: particles that depend on it.
PARTICLE = re.compile(r"\}(?:`|\))?(을|를|은|는|이|가|과|와|으로|로)(?=[\s.,]|$)")


def korean() -> dict[str, str]:
    """Return the Korean by its English, singulars and plurals alike."""
    with (FOLDER / "ko.po").open("rb") as file:
        messages = [message for message in read_po(file, locale="ko") if message.id]
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            message.string if isinstance(message.string, str) else message.string[0]
        )
        for message in messages
    }


def test_what_is_translated_is_korean():
    copied = {text for text, said in korean().items() if said and not HANGUL.search(said)}
    assert {text for text in copied if not NO_TRANSLATION.search(text)} == set()


def test_sentences_are_polite():
    """A sentence ends in -니다, or in -세요 where the reader is asked for something."""
    plain = re.compile(r"(?:한|이|된|있|없|는|않는|간)다\.(?:\s|$)")
    assert {said for said in korean().values() if plain.search(said)} == set()
    claims = [korean()[preset.claim] for preset in PRESETS.values()]
    assert [said for said in claims if not said.endswith("니다.")] == []


def test_no_particle_hangs_on_what_a_placeholder_holds():
    found = {said for said in korean().values() if PARTICLE.search(said.replace("{point}으로", ""))}
    assert found == set()


def test_every_point_ends_in_the_consonant_that_its_particle_wants():
    """`{point}으로` is right after 점 and 값, and wrong after a vowel."""
    given = korean()
    points = [given[TEMPLATES[kind]] for kind in TEMPLATES if kind.startswith(("a_", "the_"))]
    points.append(given[TEMPLATES["with_decay"]])
    assert len(points) > 12
    assert [said for said in points if not said.endswith(("점", "값", "{point}"))] == []


def opened(**link: str) -> AppTest:
    """Return the page as a link opens it."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for name, value in link.items():
        app.query_params[name] = value
    return app.run()


def asked_for(app: AppTest) -> dict[str, list[str]]:
    """Return the query by which the player asks for the picture."""
    told = [json.loads(part.proto.json) for part in app.get("bidi_component") if part.proto.json]
    (page,) = (each for each in told if "link" in each)
    return parse_qs(page["link"])


def again(app: AppTest, code: str) -> AppTest:
    """Run a page of a language again; AppTest asks for what its options are called."""
    with language(code):
        return app.run()


@pytest.fixture
def browser_of(monkeypatch) -> Any:
    """Say which language the browser of the next page asks for."""

    def of(locale: str | None) -> None:
        monkeypatch.setattr(type(session.st.context), "locale", property(lambda context: locale))

    return of


@pytest.mark.parametrize(
    ("locale", "code"),
    [("ko-KR", "ko"), ("ko", "ko"), ("KO_kr", "en"), ("fr-FR", "en"), ("", "en"), (None, "en")],
)
def test_a_link_without_a_language_is_opened_in_the_browsers(browser_of, locale, code):
    browser_of(locale)
    app = opened(surface="Quadratic", length="20")
    assert not app.exception
    assert app.session_state["settings"]["lang"] == code
    assert asked_for(app).get("lang", ["en"]) == [code]
    assert "lang" not in app.query_params


def test_the_language_of_a_link_comes_before_the_browsers(browser_of):
    browser_of("ko-KR")
    app = opened(surface="Quadratic", lang="en")
    assert app.session_state["settings"]["lang"] == "en"
    browser_of("en-US")
    app = opened(surface="Quadratic", lang="ko")
    assert asked_for(app)["lang"] == ["ko"]


def test_a_button_changes_the_language_and_the_link_with_it(browser_of):
    browser_of("ko-KR")
    app = opened(preset="ravine")
    app.button(key="language en").click()
    again(app, "ko")
    assert app.query_params["lang"] == "en"
    assert app.query_params["preset"] == "ravine"
    assert "lang" not in asked_for(app)  # of the server, which speaks English by itself
    app.button(key="language ko").click()
    again(app, "en")
    assert "lang" not in app.query_params
    assert asked_for(app)["lang"] == ["ko"]


def test_a_link_of_a_language_alone_opens_what_a_bare_one_does():
    assert bare({"lang": ["ko"]})
    app = opened(lang="ko")
    assert asked_for(app) == {"v": [VERSION], "preset": [OPENING], "lang": ["ko"]}


def test_the_first_experiment_in_another_language_is_not_taken_for_a_bare_link():
    settings = Settings({"lang": "ko"})
    assert not bare(write(settings))
    assert read(write(settings))[0]["lang"] == "ko"


@pytest.mark.parametrize("slug", ["ravine", "decay"])
def test_what_is_told_of_an_experiment_is_korean(slug):
    with language("ko"):
        told = described(asked(f"preset={slug}&lang=ko"))["told"]
    assert told["claim"] == korean()[PRESETS[slug].claim]
    assert HANGUL.search(" ".join(told["head"]))
    assert told["sentence"].endswith("니다.")


def test_the_saved_page_is_korean():
    text = answer_of(serve, "lang=ko&preset=ravine", kind="html").body.decode()
    assert '<html lang="ko">' in text
    title = html.unescape(re.findall(r"<title>(.*?)</title>", text)[0])
    with language("ko"):
        assert tr("Quadratic") in title
    parts = [unpack(base64.b64decode(part)) for part in re.findall(r'bytes\("([^"]+)"\)', text)]
    assert parts[1]["texts"]["Play"] == "재생"


def test_the_saved_numbers_have_korean_columns_and_a_mark_for_spreadsheets():
    body = answer_of(serve, "lang=ko&preset=ravine", kind="csv").body.decode()
    assert body.splitlines()[0] == "\ufeff실행,스텝,x,y,손실,학습률"
    body = answer_of(serve, "preset=ravine", kind="csv").body.decode()
    assert body.splitlines()[0] == "run,step,x,y,loss,lr"


def test_the_numbers_of_a_map_have_korean_columns_and_zones():
    request = small("Quadratic")["Learning-rate sweep"]
    with language("ko"):
        header, *rows = csv.reader("".join(table(request.compute())).splitlines())
    assert header == [
        *("\ufeff실행", "학습률", "초과 손실 하한", "초과 손실 중앙값", "초과 손실 상한"),
        *("발산", "구간"),
    ]
    assert {row[-1] for row in rows} <= {"낮음", "좋음", "높음", "발산", "끝없이 감소"}


@pytest.mark.parametrize("listing", LISTINGS)
def test_no_comment_in_the_code_of_a_run_is_english(listing):
    runs = [Run(name) for name in OPTIMIZERS] + [
        Run("Nesterov", hyper={"momentum": 0.0}),
        Run("SGD", lr=9.0),
        Run("SGD", batch_size=300),
    ]
    with language(PSEUDO):
        for surface in ("Quadratic", "Monkey saddle"):
            experiment = Experiment(
                surface, start=(0.0, 0.0), steps=400, runs=tuple(runs), noise=0.1, samples=1000
            )
            for run in experiment.runs:
                code = LISTINGS[listing](experiment, run)
                comments = re.findall(r"  # (.*)$", code, re.MULTILINE)
                assert comments
                assert [comment for comment in comments if words(comment)] == []
