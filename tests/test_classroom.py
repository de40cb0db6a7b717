"""A class: what is kept of it and how long, in both databases, and who may do what by address."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import PATIENCE, ROOT, awaited
from starlette.applications import Starlette
from starlette.routing import Mount

from benchmarks.database import postgres
from landscape.language import language, tr
from views.classroom import routes, starts, store
from views.classroom.choosing import AnswerError
from views.classroom.limits import Limit
from views.classroom.questions import SUBJECTS
from views.classroom.rates import RATE
from views.classroom.store import (
    CODE_LENGTH,
    CODE_LETTERS,
    ClosedError,
    FullError,
    GoneError,
    NoPlaceError,
    Store,
)
from views.lessons import LESSONS
from views.lessons.lesson import filled
from views.lessons.outcome import card_of, outcome
from views.server.table import MARK

A, B = "a" * 32, "b" * 32  # students


class Clock:
    """A time that goes on when it is told to."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL."""
    with postgres() as url:
        yield url


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path}/classes.db"
    url = str(request.getfixturevalue("server"))
    made = store.engine(url)
    store.METADATA.drop_all(made)
    made.dispose()
    return url


@pytest.fixture
def kept(url: str) -> Iterator[Store]:
    """A store with a clock of its own."""
    made = Store(url, Clock())
    yield made
    made.engine.dispose()


def rows(kept: Store) -> int:
    """Return how many rows all tables have."""
    with kept.engine.connect() as connection:
        tables = store.METADATA.sorted_tables
        return sum(
            connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in tables
        )


# --- What is kept


def test_an_answer_is_kept_once_for_each_card_and_the_last_counts(kept):
    made, key = kept.open("zigzag")
    assert len(made.code) == CODE_LENGTH
    assert {*made.code} <= {*CODE_LETTERS}
    assert kept.find(made.code) == made
    assert made.held_by(key)
    assert not made.held_by(key + "x")
    assert kept.take(made.code, A) == {}
    assert kept.take(made.code, A, 1, "a") == {1: "a"}
    assert kept.take(made.code, A, 1, "b") == {1: "b"}
    assert kept.take(made.code, A, 2, "c") == {1: "b", 2: "c"}
    assert kept.take(made.code, B, 1, "b") == {1: "b"}
    assert kept.counts(made.code) == {1: {"b": 2}, 2: {"c": 1}}
    assert kept.joined(made.code) == 2
    assert sorted(row[1:] for row in kept.rows(made.code)) == [(1, "b"), (1, "b"), (2, "c")]


def test_neither_key_nor_number_of_a_browser_is_kept(kept, url, tmp_path):
    made, key = kept.open("zigzag")
    kept.take(made.code, A, 1, "a")
    with kept.engine.connect() as connection:
        texts = [
            str(value)
            for table in store.METADATA.sorted_tables
            for row in connection.execute(sa.select(table))
            for value in row
        ]
    assert not {key, A} & {*texts}


def test_a_class_that_is_closed_takes_no_answer(kept):
    made, _ = kept.open("zigzag")
    kept.take(made.code, A, 1, "a")
    kept.change(made.code, {"open": False})
    with pytest.raises(ClosedError):
        kept.take(made.code, A, 1, "b")
    with pytest.raises(ClosedError):
        kept.take(made.code, B, 1, "b")
    assert kept.take(made.code, A) == {1: "a"}


def test_a_class_that_ends_leaves_nothing(kept, url):
    first, _ = kept.open("zigzag")
    second, _ = kept.open("zigzag")
    for made in (first, second):
        kept.take(made.code, A, 1, "a")
    kept.end(first.code)
    with pytest.raises(GoneError):
        kept.find(first.code)
    with pytest.raises(GoneError):
        kept.take(first.code, A, 1, "b")
    assert rows(kept) == 3
    kept.clock.now += store.LIFE_SECONDS
    with pytest.raises(GoneError):
        kept.find(second.code)
    with pytest.raises(GoneError):
        kept.take(second.code, A)
    kept.forget_old()
    assert rows(kept) == 0


def test_a_file_holds_nothing_of_what_was_deleted(tmp_path):
    file = tmp_path / "classes.db"
    kept = Store(f"sqlite:///{file}")
    made, _ = kept.open("zigzag")
    kept.take(made.code, A, 1, "a")
    kept.end(made.code)
    kept.engine.dispose()  # which writes what stands in the log into the file
    assert store.hashed(A).encode() not in b"".join(p.read_bytes() for p in tmp_path.iterdir())
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_new_class_needs_no_old_one_to_be_over(kept, monkeypatch):
    monkeypatch.setattr(store, "MOST_CLASSES", 3)
    used, _ = kept.open("zigzag")
    kept.take(used.code, A)
    unused, _ = kept.open("zigzag")
    kept.open("zigzag")
    with pytest.raises(FullError):
        kept.open("zigzag")
    kept.clock.now += store.EMPTY_SECONDS + 1
    kept.open("zigzag")  # in place of those that nobody has joined
    assert kept.find(used.code)
    with pytest.raises(GoneError):
        kept.find(unused.code)
    kept.clock.now += store.LIFE_SECONDS
    kept.open("zigzag")
    assert rows(kept) == 1


def test_a_class_takes_so_many_students_and_no_more(kept, monkeypatch):
    monkeypatch.setattr(store, "MOST_STUDENTS", 2)
    made, _ = kept.open("zigzag")
    kept.take(made.code, A)
    kept.take(made.code, B)
    with pytest.raises(FullError):
        kept.take(made.code, "c" * 32, 1, "a")
    assert kept.joined(made.code) == 2
    assert kept.take(made.code, A, 1, "a") == {1: "a"}


def test_a_code_that_is_taken_is_not_given_again(kept, monkeypatch):
    letters = iter("AAAAAAAABBBB")
    monkeypatch.setattr(store.secrets, "choice", lambda _: next(letters))
    assert [kept.open("zigzag")[0].code for _ in range(2)] == ["AAAA", "BBBB"]


def test_many_write_at_once_and_nothing_is_lost(url):
    stores = [Store(url) for _ in range(2)]  # as those of two processes
    made, _ = stores[0].open("zigzag")

    def student(number: int) -> dict[int, str]:
        token = f"{number:032x}"
        stores[number % 2].take(made.code, token)
        stores[number % 2].take(made.code, token, 1, "a")
        return stores[(number + 1) % 2].take(made.code, token, 2, "b")

    with ThreadPoolExecutor(16) as threads:
        assert [*threads.map(student, range(50))] == [{1: "a", 2: "b"}] * 50
    assert stores[0].counts(made.code) == {1: {"a": 50}, 2: {"b": 50}}
    for each in stores:
        each.engine.dispose()


def test_processes_that_begin_together_make_the_tables_once(url):
    gate = threading.Barrier(4)

    def begin(_: int) -> Store:
        gate.wait()
        return Store(url)

    with ThreadPoolExecutor(4) as threads:
        for each in threads.map(begin, range(4)):
            each.open("zigzag")
            each.engine.dispose()


# --- The place


def test_the_place_is_the_database_that_is_named_or_a_file_beside_the_app(monkeypatch, tmp_path):
    monkeypatch.setenv(store.DATABASE, "postgresql://user@host/name")
    assert store.database() == "postgresql://user@host/name"
    assert store.engine(store.database()).url.drivername == "postgresql+psycopg"
    monkeypatch.delenv(store.DATABASE)
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    assert store.database() == f"sqlite:///{tmp_path}/classes.db"


def test_where_the_app_cannot_be_written_a_private_folder_serves(monkeypatch, tmp_path):
    monkeypatch.delenv(store.DATABASE)
    monkeypatch.setattr(store, "FOLDER", tmp_path / "absent")
    monkeypatch.setattr(store.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / f"zigzag-{os.getuid()}"
    assert store.database() == f"sqlite:///{folder}/classes.db"
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)  # somebody else could write there
    with pytest.raises(NoPlaceError):
        store.database()


@pytest.mark.parametrize(
    "url", ["sqlite:////dev/null/classes.db", "nonsense", "postgresql://zigzag@/x?host=/nowhere"]
)
def test_a_database_that_is_none_is_told_in_one_sentence(url, caplog):
    with pytest.raises(NoPlaceError) as found:
        Store(url)
    assert "ZIGZAG_DATABASE" in tr(found.value.args[0])
    assert len(caplog.records) == 1
    caplog.clear()


def test_what_is_over_is_deleted_now_and_then_by_a_process_that_serves_no_class(
    url, monkeypatch, tmp_path
):
    clock = Clock()
    kept = Store(url, clock)
    kept.open("zigzag")  # in 1970
    assert rows(kept) == 1
    monkeypatch.setattr(store, "_stores", [])
    monkeypatch.setenv(store.DATABASE, url)
    store.forget_old()
    assert rows(kept) == 0
    for each in (kept, *store._stores):
        each.engine.dispose()
    # A file is made for a class, and not to look for one.
    monkeypatch.setattr(store, "_stores", [])
    monkeypatch.setenv(store.DATABASE, f"sqlite:///{tmp_path}/none.db")
    store.forget_old()
    assert not (tmp_path / "none.db").exists()


# --- What is asked


def test_only_what_a_card_offers_is_an_answer():
    for name, lesson in LESSONS.items():
        subject = SUBJECTS[name]
        assert subject.cards == len(lesson.cards)
        for place, card in enumerate(lesson.cards):
            letters = "abcd"[: len(card.answers)]
            assert [subject.checked(place + 1, letter) for letter in letters] == [*letters]
            for wrong in ("", "-", "e", "A", "ab", "abcd"[len(letters) :][:1] or "z"):
                with pytest.raises(AnswerError):
                    subject.checked(place + 1, wrong)
    rate = SUBJECTS[RATE.name].checked
    assert [rate(1, text) for text in ("0.038", "3.8e-2", " .0380 ", "100")] == [
        *["0.038"] * 3,
        "100",
    ]
    for wrong in ("", "nan", "inf", "-1", "0", "1e-7", "101", "1e999", "x", "0,1", "1; drop"):
        with pytest.raises(AnswerError):
            rate(1, wrong)


def test_something_may_be_done_so_often_at_once_and_then_by_the_second():
    clock = Clock()
    limit = Limit(3, 0.5, clock)
    assert [limit.take("a") for _ in range(5)] == [True] * 3 + [False] * 2
    assert limit.take("b")
    assert not limit.allows("a")
    clock.now += 2
    assert limit.allows("a")
    assert [limit.take("a"), limit.take("a")] == [True, False]
    clock.now += 7
    limit.forget()
    assert [limit.take("a") for _ in range(4)] == [True] * 3 + [False]


# --- By address

APP = Starlette(routes=[Mount("/zz", routes=routes.ROUTES)])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store that the routes have, with nobody yet who has done something too often."""
    made = Store(f"sqlite:///{tmp_path}/classes.db", Clock())
    monkeypatch.setattr(store, "_stores", [made])
    limits = {"GUESSES": (5, 0.5), "OPENINGS": (9, 0.05), "JOININGS": (5, 1.0), "COMINGS": (4, 0.1)}
    for name, limit in limits.items():
        monkeypatch.setattr(routes, name, Limit(*limit, Clock()))
    yield made
    made.engine.dispose()


def ask(
    path: str,
    said: Any = None,
    key: str = "",
    client: str = "192.0.2.1",
    origin: str = "",
    slow: bytes | None = None,
) -> tuple[int, Any]:
    """Return status and answer; a body is sent by POST, a text as it is, a slow one never whole."""
    sent: list[Any] = []
    pieces = [] if slow is None else [slow]
    body = said if isinstance(said, bytes) else json.dumps(said).encode()

    async def receive() -> Any:
        if slow is None:
            return {"type": "http.request", "body": body, "more_body": False}
        if pieces:
            return {"type": "http.request", "body": pieces.pop(), "more_body": True}
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET" if said is None and slow is None else "POST",
        "path": f"/zz/{path}",
        "query_string": query.encode(),
        "headers": [
            (b"host", b"host"),
            *([(b"authorization", f"Bearer {key}".encode())] if key else ()),
            *([(b"origin", origin.encode())] if origin else ()),
        ],
        "client": (client, 1),
    }
    awaited(APP(scope, receive, send))
    told = b"".join(message.get("body", b"") for message in sent)
    try:
        return sent[0]["status"], json.loads(told)
    except ValueError:
        return sent[0]["status"], told.decode()


@pytest.fixture
def opened(place: Store) -> tuple[str, str]:
    """The address of a class on the first lesson, and its key."""
    status, told = ask("class", {"subject": "zigzag"})
    assert (status, {*told}) == (201, {"code", "key"})
    return f"class/{told['code']}", told["key"]


def test_a_class_is_led_by_its_key_and_answered_by_numbers_of_browsers(opened):
    at, key = opened
    assert ask(f"{at}/student", {"token": A}) == (200, {"answers": {}})
    assert ask(f"{at}/student", {"token": A, "card": 1, "answer": "a"}) == (
        200,
        {"answers": {"1": "a"}},
    )
    assert ask(f"{at}/student", {"token": A}) == (200, {"answers": {"1": "a"}})
    status, led = ask(at, key=key)
    assert status == 200
    assert (led["joined"], led["counts"], led["card"], led["cards"]) == (1, {"a": 1}, 1, 4)
    assert (led["open"], led["revealed"]) == (True, False)
    # What others answered is for the teacher, until it is revealed; then the answers are closed.
    assert "counts" not in ask(at)[1]
    assert "joined" not in ask(at)[1]
    assert ask(at, {"revealed": True}, key)[1]["open"] is False
    assert ask(at)[1]["counts"] == {"a": 1}
    assert ask(f"{at}/student", {"token": B, "card": 1, "answer": "b"})[0] == 409
    # Once more: what others answered is hidden again.
    status, led = ask(at, {"open": True}, key)
    assert (status, led["open"], led["revealed"]) == (200, True, False)
    assert "counts" not in ask(at)[1]
    assert ask(f"{at}/student", {"token": B, "card": 1, "answer": "b"})[0] == 200
    # Another card is asked anew, and what was revealed before is not answered any more.
    ask(at, {"revealed": True}, key)
    status, led = ask(at, {"card": 2}, key)
    assert (led["card"], led["open"], led["revealed"], led["counts"]) == (2, True, False, {})
    late = ask(f"{at}/student", {"token": B, "card": 1, "answer": "a"})
    assert (late[0], late[1]["card"]) == (409, 2)
    assert ask(f"{at}/student", {"token": B, "card": 3, "answer": "a"})[0] == 200, "ahead"
    assert ask(at, {"revealed": True, "open": True}, key)[0] == 400
    assert ask(at, {"end": True}, key) == (200, {"ended": True})
    assert ask(at, key=key)[0] == 404
    assert ask(f"{at}/student", {"token": A})[0] == 404


def test_a_table_has_a_row_for_every_answer_and_no_name(opened):
    at, key = opened
    for token, letter in ((A, "a"), (B, "c")):
        ask(f"{at}/student", {"token": token, "card": 1, "answer": letter})
    status, told = ask(f"{at}/answers.csv", key=key)
    assert status == 200
    header, *lines = csv.reader(io.StringIO(told.removeprefix(MARK)))
    assert header == ["student", "card", "question", "answer", "text", "right"]
    card, measured = card_of("zigzag", "1"), outcome("zigzag", "1")
    asked = filled(card.question, measured.numbers)
    texts = [filled(answer.text, measured.numbers) for answer in card.answers]
    assert measured.right == (2,)
    assert sorted(line[0] for line in lines) == ["1", "2"]
    assert sorted(line[1:] for line in lines) == [
        ["1", asked, "A", texts[0], "0"],
        ["1", asked, "C", texts[2], "1"],
    ]
    with language("ko"):
        said = filled(card.question, measured.numbers)
    told = ask(f"{at}/answers.csv?lang=ko", key=key)[1]
    assert told.startswith(MARK)
    assert said in told


def test_a_table_of_choices_is_safe_in_a_spreadsheet(place):
    """Numbers stand alone, also below 0, and what is not in ASCII has a mark before it."""
    _, opened = ask("class", {"subject": "choose-start"})
    at, key = f"class/{opened['code']}", opened["key"]
    ask(f"{at}/student", {"token": A, "card": 1, "answer": "-2.5,1"})
    told = ask(f"{at}/answers.csv?lang=ko", key=key)[1]
    header, (_, _, question, *point) = csv.reader(io.StringIO(told.removeprefix(MARK)))
    assert (told[0], header[3:], point) == (MARK, ["x", "y"], ["-2.5", "1.0"])
    with language("ko"):
        assert question == starts.question()


def test_nobody_else_leads_a_class(opened):
    at, key = opened
    for other in ("", key[:-1], key + "x", "x", A):
        for said in ({"end": True}, {"open": False}, {"revealed": True}, {"card": 2}):
            assert ask(at, said, other)[0] == 403
        assert ask(f"{at}/answers.csv", key=other)[0] == 403
        assert "counts" not in ask(at, key=other)[1]
    _, another = ask("class", {"subject": "zigzag"})
    assert ask(at, {"end": True}, another["key"])[0] == 403
    assert ask(at, key=key)[1]["open"]


ORDERS = [{}, {"card": 0}, {"card": 7}, {"card": True}, {"card": "1"}, {"open": 1}, {"end": 1}]
ORDERS += [{"end": True, "card": 1}, {"revealed": False}, {"code": "AAAA"}, {"card": 1.0}]


@pytest.mark.parametrize("said", ORDERS)
def test_an_order_that_makes_no_sense_changes_nothing(opened, said):
    at, key = opened
    before = ask(at, key=key)
    assert ask(at, said, key)[0] == 400
    assert ask(at, key=key) == before


STRANGE: list[Any] = [
    *[None, [], "x", 1, b"", b"{", b"\xff", b"[" * 399, b"x" * 401, {"token": A * 20}],
    *[{"token": t} for t in ("", "x", A[1:], A.upper(), A + "a", None, 1, [A], "' or 1=1 --")],
    *[{"token": A, "card": 1}, {"token": A, "answer": "a"}, {"token": A, "name": "Kim"}],
    *[{"token": A, "card": c, "answer": "a"} for c in (0, 7, -1, 1.0, True, None, "1", [], 10**30)],
    *[{"token": A, "card": 1, "answer": a} for a in ("", "e", "A", "-", None, 1, ["a"], "a" * 99)],
    *[{"token": A, "card": 1, "answer": a} for a in ("<img src=//h>", "=1+1", "\x00", "a; drop")],
]


@pytest.mark.parametrize("said", STRANGE)
def test_what_is_no_answer_is_refused_and_nothing_is_kept(opened, place, said):
    at, key = opened
    body = json.dumps(said).encode() if said is None else said
    status, told = ask(f"{at}/student", body)
    assert status in (400, 413)
    assert "Traceback" not in str(told)
    assert "<" not in told["told"]
    assert ask(at, key=key)[1]["joined"] == 0
    assert ask("class", body)[0] in (400, 413)


def test_a_student_changes_own_answers_and_no_others(opened, place):
    at, _ = opened
    ask(f"{at}/student", {"token": A, "card": 1, "answer": "a"})
    for token in (B, A[:-1] + "b", store.hashed(A)[:32]):
        assert ask(f"{at}/student", {"token": token}) == (200, {"answers": {}})
        ask(f"{at}/student", {"token": token, "card": 1, "answer": "b"})
    assert ask(f"{at}/student", {"token": A}) == (200, {"answers": {"1": "a"}})


def test_codes_are_not_guessed_and_who_guesses_keeps_nobody_else_out(opened, place):
    at, key = opened
    ask(f"{at}/student", {"token": B})
    wrong = [code for code in ("AAAA", "BBBB", "CCCC", "DDDD", "x", "%00") if code not in at]
    assert [ask(f"class/{code}")[0] for code in wrong][:5] == [404] * 5
    # From here on not even a right code is told to be one, but to whom the class knows.
    assert ask(at)[0] == 429
    assert ask("class/EEEE" if "EEEE" not in at else "class/FFFF")[0] == 429
    assert ask(f"{at}/student", {"token": A})[0] == 429
    assert ask(f"{at}/student", {"token": B})[0] == 200, "who has joined before"
    assert ask(at, key=key)[0] == 200
    assert ask(at, client="192.0.2.2")[0] == 200
    routes.GUESSES._clock.now += 2
    assert ask(at)[0] == 200


def test_a_household_of_ipv6_guesses_as_one(opened, place):
    wrong = [
        code for code in ("AAAA", "BBBB", "CCCC", "DDDD", "EEEE", "FFFF") if code not in opened
    ]
    found = [ask(f"class/{code}", client=f"2001:db8::{n}")[0] for n, code in enumerate(wrong)]
    assert found == [404] * 5 + [429]
    assert ask("class/GGGG", client="2001:db8:0:1::1")[0] == 404


def test_a_page_of_another_host_sends_nothing(opened):
    at, _ = opened
    said = {"token": A, "card": 1, "answer": "a"}
    assert ask(f"{at}/student", said, origin="https://other.example")[0] == 403
    assert ask("class", {"subject": "rate"}, origin="null")[0] == 403
    assert ask(f"{at}/student", said, origin="http://host:8501")[0] == 200


@pytest.mark.parametrize("ends", ["end", "forget_old"])
def test_nothing_of_a_class_that_is_over_is_left_in_a_file(place, tmp_path, ends):
    made, key = place.open("zigzag")
    place.take(made.code, A, 1, "a")
    if ends == "end":
        place.end(made.code)
    else:
        place.clock.now += store.LIFE_SECONDS + 1
        place.forget_old()
    left = b"".join(path.read_bytes() for path in tmp_path.glob("classes.db*"))
    assert left
    for secret in (made.code, store.hashed(A), store.hashed(key)):
        assert secret.encode() not in left


FULL = """
import resource, sys
import sqlalchemy as sa
from views.classroom.store import GoneError, Store
kept = Store(sys.argv[1])
made, _ = kept.open("zigzag")
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, -1))
try:
    for number in range(10_000):
        kept.take(made.code, f"{number:032x}", 1, "a")
except sa.exc.OperationalError:
    kept.end(made.code)
    try:
        kept.find(made.code)
    except GoneError:
        print("over")
"""


@pytest.mark.skipif(os.name == "nt", reason="the limit is POSIX's")
def test_a_class_ends_where_nothing_more_can_be_written(tmp_path):
    """A file that may not grow stands for a disk that is full."""
    command = [sys.executable, "-c", FULL, f"sqlite:///{tmp_path}/classes.db"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "over\n", done.stderr


def test_a_file_that_is_deleted_while_it_serves_is_made_anew(monkeypatch, tmp_path):
    file = tmp_path / "classes.db"
    monkeypatch.setenv(store.DATABASE, f"sqlite:///{file}")
    monkeypatch.setattr(store, "_stores", [])
    made, _ = store.store().open("zigzag")
    for path in tmp_path.glob("classes.db*"):
        path.unlink()
    with pytest.raises(store.GoneError):
        store.store().find(made.code)
    assert store.store().open("zigzag")
    assert file.exists()
    store.store().engine.dispose()


@pytest.mark.parametrize(
    "wrong", ["postgresql://u:pw@host:notaport/x", "postgresql://[::1/x", "sqlite://", "nonsense"]
)
def test_a_wrong_address_is_told_and_tidying_goes_on(monkeypatch, wrong):
    monkeypatch.setenv(store.DATABASE, wrong)
    monkeypatch.setattr(store, "_stores", [])
    store.forget_old()
    with pytest.raises(store.NoPlaceError):
        store.store()


def test_a_code_may_be_typed_in_small_letters(opened):
    at, _ = opened
    assert ask(at.lower())[0] == 200


def test_so_many_join_at_once_and_so_many_classes_are_opened(opened, monkeypatch):
    at, _ = opened
    # From one address fewer, and then others may come who are not behind it.
    found = [ask(f"{at}/student", {"token": f"{n:032x}"}, client="2001:db8::1") for n in range(6)]
    assert [status for status, _ in found] == [200] * 4 + [429] * 2
    found = [ask(f"{at}/student", {"token": f"{n:032x}"}) for n in range(4, 7)]
    assert [status for status, _ in found] == [200] + [429] * 2
    more = {"card": 1, "answer": "a"}
    assert ask(f"{at}/student", {"token": f"{6:032x}", **more})[0] == 429
    assert ask(f"{at}/student", {"token": f"{1:032x}", **more})[0] == 200  # has joined before
    assert [ask("class", {"subject": "rate"})[0] for _ in range(9)] == [201] * 8 + [429]


def test_who_waits_for_the_class_uses_up_no_place_of_the_address(opened, monkeypatch):
    """Eight students behind two addresses, four of each at most, two of all a second."""
    at, _ = opened
    clock = Clock()
    monkeypatch.setattr(routes, "COMINGS", Limit(4, 0.001, clock))
    monkeypatch.setattr(routes, "JOININGS", Limit(2, 2.0, clock))
    waiting = {n: f"192.0.2.{n % 2}" for n in range(8)}
    for _ in range(4):
        for n, client in dict(waiting).items():
            if ask(f"{at}/student", {"token": f"{n:032x}"}, client=client)[0] == 200:
                del waiting[n]
        clock.now += 1
    assert waiting == {}


def test_a_table_bears_answers_of_another_version(opened, place):
    at, key = opened
    code = at.partition("/")[2]
    place.take(code, A, 1, "d")
    place.take(code, A, 7, "a")
    status, told = ask(f"{at}/answers.csv", key=key)
    rows = [*csv.reader(io.StringIO(told.removeprefix(MARK)))][1:]
    assert (status, sorted(row[1:] for row in rows)) == (
        200,
        [["1", "", "D", "", ""], ["7", "", "A", "", ""]],
    )


def test_a_school_behind_one_address_joins_at_once():
    assert routes.COMINGS.burst >= 2 * 200 <= routes.JOININGS.burst
    assert routes.COMINGS.burst < store.MOST_STUDENTS


def test_a_body_that_does_not_come_is_not_waited_for(opened, monkeypatch):
    at, _ = opened
    monkeypatch.setattr(routes, "BODY_SECONDS", 0.05)
    assert ask(f"{at}/student", None, slow=b'{"token"')[0] == 408
    assert ask("class", None, slow=b"")[0] == 408


def test_what_is_refused_is_told_in_the_visitors_language(place):
    with language("ko"):
        expected = tr(store.GONE)
    assert ask("class/AAAA?lang=ko") == (404, {"told": expected})
    assert ask("class/BBBB?lang=<script>")[1]["told"] == store.GONE


def test_a_class_of_another_version_is_over(place):
    made, key = place.open("no such lesson")
    assert ask(f"class/{made.code}", key=key)[0] == 404


def test_without_a_place_a_sentence_says_so_and_the_app_serves_on(monkeypatch):
    monkeypatch.setattr(store, "_stores", [])
    monkeypatch.setenv(store.DATABASE, "sqlite:////dev/null/classes.db")
    status, told = ask("class", {"subject": "zigzag"})
    assert (status, told["told"]) == (503, store.NO_PLACE)
    store.forget_old()


def test_a_database_that_goes_away_is_told_and_comes_back(opened, place, monkeypatch):
    at, key = opened

    def gone(*args: Any) -> None:
        raise sa.exc.OperationalError("", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(Store, "find", gone)
        assert ask(at, key=key)[0] == 503
    assert ask(at, key=key)[0] == 200


def test_more_than_the_database_can_be_asked_is_refused(opened, monkeypatch):
    at, _ = opened
    monkeypatch.setattr(routes.WORK, "_free", threading.Semaphore(0))
    assert ask(at)[0] == 503
