"""Answers by address: the picture and the words of a link, made without the page."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from conftest import awaited
from starlette.datastructures import Headers
from starlette.responses import Response

from landscape import SURFACES
from landscape.language import PSEUDO, language
from optimizers import OPTIMIZERS, Experiment, Run, averaged, simulate
from optimizers.analysis.statements import render
from optimizers.analysis.words import comparison, of_averages
from optimizers.maps import Ensemble
from views.live import routes
from views.live.answer import Asked, UnreadableError, answer, asked, described, ground_answer
from views.live.kept import BESIDE, Kept, one, simulated
from views.live.routes import ANSWERS, SOURCES, Workers, respond
from views.maps import ends
from views.presets import OPENING, PRESETS
from views.scene.figures import PICTURES
from views.scene.payload import pack
from views.settings.choice import choose
from views.settings.settings import VERSION, read, write
from views.theme import DARK, MOST_PANELS


def unpacked(body: bytes) -> dict[str, Any]:
    """Return the JSON of a packed answer."""
    plain = zlib.decompress(body)
    (size,) = struct.unpack_from("<I", plain)
    found: dict[str, Any] = json.loads(plain[4 : 4 + size])
    return found


def get(address: str, **headers: str) -> Response:
    """Return the server's answer to an address below its own."""
    name, _, query = address.partition("?")
    fields = {
        "accept-encoding": "gzip, deflate",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    return awaited(respond(name, "GET", query.encode(), Headers(fields)))


def scene_of(query: str = "") -> dict[str, Any]:
    return unpacked(bytes(get(f"scene?{query}").body))


# --- What is answered


@pytest.mark.parametrize("slug", [p.slug for p in PRESETS.values() if p.listed])
def test_the_words_are_those_of_the_experiment_that_the_link_means(slug):
    told = scene_of(f"preset={slug}")["told"]
    settings, _ = read({"preset": slug})
    choice = choose(settings)
    trajectories = simulate(choice.experiment)
    if choice.seeds:
        spread = Ensemble(choice.experiment, choice.seeds).compute()
        assert told["sentence"] == ends.sentence(choice.experiment, spread, choice.labels)
        assert told["rows"] == ends.table(spread, choice.labels, "loss")[1]
    else:
        first, *more = comparison(choice.experiment, trajectories, choice.labels)
        means = [averaged(t, choice.extras.average) for t in trajectories if choice.extras.average]
        told_of = of_averages(choice.experiment, trajectories, means, choice.labels)
        said = " ".join(map(render, [first, *told_of, *more]))
        assert f"{told['sentence']} {told['more']}".strip() == said
        updates = told["head"].index("Updates")
        assert [row[updates] for row in told["rows"]] == [f"{len(t.lr):,}" for t in trajectories]
    assert [row[0] for row in told["rows"]] == [*choice.labels]
    assert told["claim"] == PRESETS[slug].claim
    assert told["changed"] == ""
    assert parse_qs(told["link"]) == {"v": [VERSION], "preset": [slug]}


def test_an_answer_depends_on_the_query_alone():
    query = "surface=Himmelblau&length=50&optimizers=SGD&optimizers=Adam"
    first = answer(asked(query))
    scene_of("surface=Beale")
    assert answer(asked(query)) == first


def test_the_link_of_an_answer_is_the_settings_without_what_is_at_its_default():
    told = scene_of("length=50&surface=Quadratic&seed=0&nonsense=1")["told"]
    assert told["link"] == f"v={VERSION}&length=50"
    assert ["nonsense" in text for text in told["complaints"]] == [True]


@pytest.mark.parametrize("view", PICTURES)
def test_a_ground_is_found_at_the_address_that_its_scene_names(view):
    query = urlencode({"surface": "Himmelblau", "view": view, "theme": "dark"})
    made = scene_of(query)
    response = get(made["groundAt"])
    assert response.status_code == 200
    ground = unpacked(bytes(response.body))
    assert ground["id"] == made["ground"]
    assert ground["surface"] == "Himmelblau"
    assert "immutable" in response.headers["cache-control"]
    assert made["page"] == DARK.page


def test_a_picture_in_motion_stays_in_its_frame_and_comes_without_words():
    still = scene_of("surface=Quadratic")
    moving = scene_of(urlencode({"Quadratic.SGD.lr": 0.02, "frame": still["frame"]}))
    assert moving["ground"] == still["ground"]
    assert "told" in still
    assert "told" not in moving
    assert scene_of("Quadratic.SGD.lr=3&optimizers=SGD")["frame"] != still["frame"]


def test_of_a_picture_that_is_drawn_only_the_words_come():
    query = "surface=Rosenbrock&Rosenbrock.Adam.lr=0.02"
    frame = scene_of("surface=Rosenbrock")["frame"]
    moving = scene_of(f"{query}&frame={frame}")
    drawn = f"{moving['id']}.{moving['ground']}"
    still = scene_of(f"{query}&shown={frame}")
    words = scene_of(f"{query}&shown={frame}&drawn={drawn}")
    assert words == {name: still[name] for name in words}
    assert {*words} == {"id", "ground", "groundAt", "frame", "start", "told"}
    other = scene_of(f"{query.replace('0.02', '0.03')}&shown={frame}&drawn={drawn}")
    assert other["id"] != moving["id"]
    assert "front" in other, "another one is drawn"
    far = f"{query}&Rosenbrock.SGD.lr=0.9&shown={frame}"
    assert "front" in scene_of(f"{far}&drawn={drawn}")


@pytest.mark.parametrize(
    "other",
    [
        {"view": "Overlay"},
        {"curve": "Stability"},
        {"compare": "Learning rate", "Quadratic.SGD.rates": "0.1"},
        {"arrows": "0"},
        {"future": "1"},
        {"average": "mean"},
        {"average": "exponential", "average.gamma": "0.5"},
        {"lang": "ko"},
        {"theme": "dark"},
        {"seed": "7"},
        {"look": "open"},
        {"look": "open", "look.step": "3"},
        {"unit": "epochs"},
    ],
)
def test_a_picture_that_looks_otherwise_has_another_name(other):
    query = {"surface": "Quadratic", "noise": "1", "batch": "1", "optimizers": "SGD"}
    one = described(asked(urlencode(query)))
    with language(other.get("lang", "en")):
        two = described(asked(urlencode(query | other)))
    assert (one.pop("id"), one.pop("ground")) != (two.pop("id"), two.pop("ground"))
    one["told"] = two["told"] = None
    assert pack(one) != pack(two), "it looks otherwise"


def test_every_text_is_in_the_language_asked_for():
    told = scene_of(f"preset=book&lang={PSEUDO}&nonsense=1")["told"]
    texts = [told["sentence"], told["lowest"], *told["head"], *told["complaints"]]
    texts += [told["title"], told["claim"]]
    assert all("[[" in text for text in texts), texts
    assert scene_of("preset=book")["told"]["sentence"].startswith("AdaGrad's final loss")


def test_a_frame_that_is_shown_stays_while_it_serves():
    still = scene_of("surface=Quadratic")
    near = {"Quadratic.SGD.lr": 0.02, "optimizers": "SGD"}
    first, second = scene_of(urlencode(near)), scene_of("surface=Beale")
    kept = scene_of(urlencode({**near, "Quadratic.SGD.lr": 0.021, "shown": first["frame"]}))
    assert kept["ground"] == first["ground"]
    assert "told" in kept
    assert scene_of(urlencode({"shown": second["frame"], "surface": "Quadratic"})) == still


def test_a_changed_preset_is_told_so():
    told = scene_of("preset=ravine&noise=3")["told"]
    assert told["changed"].endswith("You changed this experiment; the text describes the original.")


def test_a_start_is_told_with_the_settings_that_hold_it():
    start = scene_of("Quadratic.x=1.5")["start"]
    assert start["ids"] == ["Quadratic.x", "Quadratic.y"]
    assert [point[0] for point in start["points"]] == [1.5] * 4
    listed = scene_of(urlencode({"compare": "Start", "Quadratic.starts": "1 2; 3 4"}))["start"]
    assert listed["ids"] == ["Quadratic.starts"]
    assert listed["points"] == [[1, 2], [3, 4]]


# --- What cannot be read


@pytest.mark.parametrize(
    "query",
    [
        *(
            "surface=Everest",
            "length=nan",
            "seed=1e400",
            "optimizers=",
            "%00=%ff",
            "&&=&=",
            "view=Maps",
        ),
        *(
            "a=1&" * 900,
            "compare=Start&Quadratic.starts=1e9",
            "look.step=-5",
            "preset=%3Cscript%3E",
        ),
        "optimizers=" + "&optimizers=".join(["Adam"] * 500),
    ],
)
def test_strange_settings_are_answered_with_defaults(query):
    response = get(f"scene?{query}")
    assert response.status_code == 200
    assert len(unpacked(bytes(response.body))["told"]["rows"]) >= 1


FRAMES = ("1", "1,2,3", "a,b,c,d", "1,0,0,1", "nan,1,0,1", "0,inf,0,1", "0,1e300,0,1", "0,0,0,0")
UNREADABLE = [
    *("scene?theme=pink", *(f"scene?frame={frame}" for frame in FRAMES)),
    *("ground?", "ground?surface=Everest", "ground?surface=Quadratic&view=x"),
    "ground?surface=Quadratic&view=Overlay&runs=1000000&frame=0,1,0,1",
    "ground?surface=Quadratic&view=Overlay&runs=1&frame=0,1,0,1&params.condition=nan",
    "ground?surface=Quadratic&view=Overlay&runs=1&frame=0,1,0,1&params.x=1",
    "scene?" + "a" * 20_001,
]


@pytest.mark.parametrize("address", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_is_refused_in_one_sentence(address):
    response = get(address)
    assert response.status_code == 400
    text = bytes(response.body).decode()
    assert text.count(".") <= 1 or text.endswith(".")
    assert "\n" not in text
    assert "Traceback" not in text


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("view", PICTURES)
def test_the_largest_frame_of_every_surface_can_be_drawn(surface, view):
    sides = SURFACES[surface].domain
    frame = ",".join(
        str(x) for a, b in sides for x in ((a + b) / 2 - 19 * (b - a), (a + b) / 2 + 19 * (b - a))
    )
    found = described(asked(urlencode({"surface": surface, "view": view, "frame": frame})))
    assert unpacked(ground_answer(found["groundAt"].partition("?")[2]))["id"] == found["ground"]


def test_an_address_is_read_or_refused():
    assert asked("").settings == read({"preset": OPENING})[0]
    with pytest.raises(UnreadableError, match="theme must be one of"):
        asked("theme=pink")


# --- How it is sent


def test_an_answer_is_compressed_once_and_not_sent_again_while_it_is_the_same():
    response = get("scene?")
    assert response.headers["content-encoding"] == "deflate"
    assert response.headers["cache-control"] == "no-cache"
    tag = response.headers["etag"]
    again = get("scene?", if_none_match=tag)
    assert (again.status_code, bytes(again.body)) == (304, b"")
    plain = get("scene?", accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    assert zlib.decompress(bytes(response.body)) == bytes(plain.body)
    assert get("scene?seed=1&noise=1", if_none_match=tag).status_code == 200


def test_only_reading_is_allowed():
    assert awaited(respond("scene", "POST", b"", Headers({}))).status_code == 405
    assert {*SOURCES} == {"scene", "ground", "orders"}


# --- What is kept


def test_what_is_kept_has_a_bound_in_bytes_and_the_oldest_goes_first():
    kept: Kept[bytes] = Kept(3 * (BESIDE + 100), len)
    for name in "abc":
        kept.put(name, bytes(100))
    assert kept.get("a") == bytes(100)
    kept.put("d", bytes(100))
    assert [kept.get(name) is None for name in "abcd"] == [False, True, False, False]
    kept.put("a", bytes(50))
    assert kept.bytes == 3 * BESIDE + 250
    kept.put("large", bytes(10_000))
    assert len(kept) == kept.bytes == 0


def test_a_change_of_one_run_simulates_one():
    runs = tuple(Run(name) for name in ("SGD", "Adam"))
    first = simulated(Experiment("Beale", noise=1.0, samples=100, runs=runs))
    second = simulated(
        Experiment("Beale", noise=1.0, samples=100, runs=(Run("SGD", lr=0.001), runs[1]))
    )
    assert second[1] is first[1]
    assert second[0] is not first[0]
    other = simulated(Experiment("Beale", noise=1.0, samples=100, seed=1, runs=runs))
    assert other[1] is not first[1]


def test_a_kept_run_is_that_of_every_field_of_its_experiment():
    run = Run("SGD", batch_size=7)
    experiment = Experiment(runs=(run,), noise=1.0, samples=10, steps=20)
    for other in (experiment, replace(experiment, drop_last=True), replace(experiment, seed=1)):
        (expected,) = simulate(other)
        assert (one(other, run).path == expected.path).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_kept_run_is_the_one_that_is_simulated_among_others(name):
    runs = (Run("Adam"), Run(name, batch_size=4))
    experiment = Experiment("Himmelblau", noise=2.0, steps=30, runs=runs)
    assert one(experiment, runs[1]).path.tolist() == simulate(experiment)[1].path.tolist()


def test_a_kept_answer_is_not_made_again(monkeypatch):
    get("scene?seed=77")
    monkeypatch.setattr(routes, "answer", None)
    assert get("scene?seed=77").status_code == 200


# --- Under load


def hostile(number: int) -> str:
    """Return an address of much work, another for each number."""
    link = {
        "surface": "Rastrigin",
        "length": 5000,
        "noise": 1,
        "batch": "1",
        "seed": number,
        "optimizers": list(OPTIMIZERS)[:MOST_PANELS],
    }
    return urlencode({**link, "fair": "each its best"} if number % 2 else link, doseq=True)


def test_hostile_requests_are_bounded_and_a_quick_one_is_still_answered():
    async def storm() -> tuple[list[int], float]:
        async def ask(query: str) -> int:
            response = await respond("scene", "GET", query.encode(), Headers({}))
            return response.status_code

        attacks = []
        for number in range(40):
            attacks.append(asyncio.create_task(ask(hostile(number + 1000))))
            await asyncio.sleep(0)
        before = time.monotonic()
        await asyncio.sleep(0.01)
        held = time.monotonic() - before
        statuses = [await ask("seed=4711")]
        for attack in attacks:
            attack.cancel()
        await asyncio.gather(*attacks, return_exceptions=True)
        refused = [a.result() for a in attacks if not a.cancelled()]
        return statuses + refused, held

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "QUICK", Workers(2, 60))
        patch.setattr(routes, "SLOW", Workers(1, 4))
        statuses, held = awaited(storm())
        routes.QUICK.close()
        routes.SLOW.close()
    assert statuses[0] == 200
    assert 503 in statuses[1:]
    assert held < 1.0, "the event loop stood still"


def test_who_asks_for_what_is_being_made_gets_the_same():
    made: list[int] = []

    async def both() -> list[bytes | None]:
        workers = Workers(2, 0)

        def work(gone: threading.Event) -> bytes:
            made.append(1)
            time.sleep(0.05)
            return b"answer"

        found = await asyncio.gather(workers.make("a", work), workers.make("a", work))
        workers.close()
        return found

    assert awaited(both()) == [b"answer"] * 2
    assert len(made) == 1


def test_an_answer_that_nobody_waits_for_any_more_is_told_so_and_is_made_anew_for_the_next():
    told: list[bool] = []

    async def leave_and_come_back() -> bytes | None:
        workers = Workers(1, 1)

        def work(gone: threading.Event) -> bytes:
            told.append(gone.wait(5 if not told else 0.1))
            return b"answer"

        first = asyncio.create_task(workers.make("a", work))
        second = asyncio.create_task(workers.make("a", work))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.sleep(0.05)
        assert not told
        second.cancel()
        found = await asyncio.wait_for(workers.make("a", work), 10)
        workers.close()
        return found

    assert awaited(leave_and_come_back()) == b"answer"
    assert told == [True, False]


def test_the_language_of_one_answer_is_not_that_of_another():
    queries = [f"preset=book&lang={code}" for code in ("en", PSEUDO)] * 4
    with ThreadPoolExecutor(4) as pool:
        found = [
            *pool.map(lambda query: unpacked(answer(asked(query)))["told"]["sentence"], queries)
        ]
    assert len({*found[::2]}) == len({*found[1::2]}) == 1
    assert found[0] != found[1]
    with language(PSEUDO):
        assert answer(Asked(read({"preset": "book"})[0])) == answer(asked("preset=book"))


def test_a_link_is_written_as_the_page_writes_it():
    settings, _ = read({"preset": "book", "length": "7", "optimizers": ["SGD", "Adam"]})
    assert parse_qs(scene_of(urlencode(write(settings), doseq=True))["told"]["link"]) == write(
        settings
    )


def test_kept_answers_are_bounded():
    assert ANSWERS.bytes < routes.MOST_BYTES < 100_000_000
