"""A class by address: teachers open and lead it, students join and answer.

    POST zz/class                   {"subject": ...}: opens a class
    GET  zz/class/{code}            how it stands
    POST zz/class/{code}            the teacher's: {"card", "open", "revealed", "end"}
    POST zz/class/{code}/student    {"token"}, or with {"card", "answer"}: the student's answers
    GET  zz/class/{code}/card         the teacher's: what is asked, and what is drawn of the answers
    GET  zz/class/{code}/answers.csv  the teacher's

The teacher is who sends the key that opening has returned (`Authorization: Bearer ...`). A student
is a number of the browser's own in the body. What is refused is answered with {"told": why}; 404
says that the class is over, 409 that an answer is not taken, with the card that the class is at,
and 429 and 503 that the same may be taken later.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from landscape.language import current, known, language, msgid, tr
from views.classroom import cards
from views.classroom import store as kept
from views.classroom.limits import Limit
from views.classroom.questions import MOST_TEXT, SUBJECTS, AnswerError
from views.classroom.store import (
    GONE,
    BusyError,
    Class,
    ClosedError,
    FullError,
    GoneError,
    NoPlaceError,
    Store,
)
from views.lessons.outcome import UnmeasuredError
from views.server.counts import COUNTS
from views.server.table import MARK, csv_pieces
from views.theme import LIGHT, THEMES

Found = TypeVar("Found")

MOST_BODY = 400  # bytes
BODY_SECONDS = 10.0  # in which all of them must have come
TOKEN = re.compile(r"[0-9a-f]{32}")
AT_ONCE, WAITING = 4, 1000  # that ask the database
RETRY = {"Retry-After": "1"}
HEADERS = {"Cache-Control": "no-store"}
GUESSED = msgid("Too many wrong codes. Wait a minute.")

# Each process counts for itself. Who asks for codes that there are not is told apart by address,
# which is in memory alone: a hundred times at once, for a class that mistypes behind one address,
# and then so slowly that to find one of MOST_CLASSES among a million codes takes hours.
GUESSES = Limit(100, 0.5)
OPENINGS = Limit(30, 0.01)
JOININGS = Limit(400, 20.0)  # of one class
# Of one class from one address: a school may be behind one, and its students come at once.
COMINGS = Limit(400, 0.1)


class RefusedError(Exception):
    """A request that is not answered: the status, and what to tell."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status, self.told = status, told


class Work:
    """Threads that ask the database, beside the event loop, with a bounded queue."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="class")
        self._free = threading.Semaphore(AT_ONCE + WAITING)

    async def do(self, act: Callable[[Store], Found]) -> Found:
        """Return what `act` makes of the store."""
        if not self._free.acquire(blocking=False):
            raise RefusedError(503, tr(msgid("Too much is asked for at once.")))
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, lambda: act(kept.store()))
        finally:
            self._free.release()


WORK = Work()


def answered(serve: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Return a route that says in the visitor's language why it refuses."""

    async def respond(request: Request) -> Response:
        more: dict[str, Any] = {}
        with language(known(request.query_params.get("lang"))):
            try:
                check_origin(request)
                return await serve(request)
            except RefusedError as problem:
                status, told = problem.status, problem.told
            except GoneError as problem:
                status, told = 404, tr(problem.args[0])
                if not GUESSES.take(address_of(request)):
                    status, told = 429, tr(GUESSED)
            except BusyError as problem:
                status, told = 429, tr(problem.args[0])
            except ClosedError as problem:
                status, told, more = 409, tr(problem.args[0]), {"card": problem.args[1]}
            except (FullError, NoPlaceError) as problem:
                status, told = 503, tr(problem.args[0])
            except sa.exc.SQLAlchemyError as problem:
                kept.LOG.error("A class was asked for in vain: %s", problem)
                status, told = 503, tr(msgid("The answers cannot be reached at this moment."))
            COUNTS.refused += status in (429, 503)
            again = RETRY if status in (429, 503) else {}
            return JSONResponse({"told": told, **more}, status, {**HEADERS, **again})

    return respond


def check_origin(request: Request) -> None:
    """Refuse what a page of another host sends; ports differ behind a proxy."""
    origin, here = request.headers.get("origin"), request.headers.get("host", "")
    if origin and urlsplit(origin).hostname != urlsplit(f"//{here}").hostname:
        raise RefusedError(403, "A page of another host cannot do this.")


def address_of(request: Request) -> str:
    """Return the client's address: of IPv6 what is one household's, for it has the rest at will."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host


def check_guesses(request: Request) -> None:
    """Refuse who has asked for too many codes that there are not and is not known to a class."""
    if not GUESSES.allows(address_of(request)):
        raise RefusedError(429, tr(GUESSED))


def code_of(request: Request) -> str:
    """Return the code of a request."""
    code = str(request.path_params["code"]).upper()
    if len(code) != kept.CODE_LENGTH or not {*code} <= {*kept.CODE_LETTERS}:
        raise GoneError(GONE)
    return code


async def class_of(code: str) -> Class:
    """Return the class of a code."""
    found = await WORK.do(lambda store: store.find(code))
    if found.subject not in SUBJECTS:  # of another version
        raise GoneError(GONE)
    return found


def led(request: Request, found: Class) -> bool:
    """Tell whether a request comes from the teacher of a class."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme == "Bearer" and found.held_by(key)


def check_led(request: Request, found: Class) -> None:
    """Refuse a request that does not come from the teacher of a class."""
    if not led(request, found):
        check_guesses(request)
        raise RefusedError(403, tr(msgid("Only who opened the class can do this.")))


async def body_of(request: Request) -> dict[str, Any]:
    """Return what a request says; refuse what is no small JSON object."""
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_BODY:
                    raise RefusedError(413, f"At most {MOST_BODY} bytes.")
    except TimeoutError:
        raise RefusedError(408, f"The body must come within {BODY_SECONDS:g} s.") from None
    try:
        found = json.loads(body)
    except ValueError:  # what is no UTF-8 too
        found = None
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise RefusedError(400, "The body must be a JSON object.")
    return found


# --- Teachers


@answered
async def open_class(request: Request) -> Response:
    """Open a class, and answer with its code and key."""
    subject = (await body_of(request)).get("subject")
    if not isinstance(subject, str) or subject not in SUBJECTS:
        raise RefusedError(400, f"subject must be one of {', '.join(SUBJECTS)}.")
    if not OPENINGS.take(address_of(request)):
        raise RefusedError(429, tr(msgid("Too many classes were opened. Wait two minutes.")))
    made, key = await WORK.do(lambda store: store.open(subject))
    return JSONResponse({"code": made.code, "key": key}, 201, HEADERS)


@answered
async def lead(request: Request) -> Response:
    """Change how a class stands, as its teacher says, and answer how it stands then."""
    code, said = code_of(request), await body_of(request)
    found = await class_of(code)
    check_led(request, found)
    if {*said} == {"end"} and said["end"] is True:
        await WORK.do(lambda store: store.end(code))
        return JSONResponse({"ended": True}, headers=HEADERS)
    values = changes(found, said)
    await WORK.do(lambda store: store.change(code, values))
    found = await class_of(code)
    told = await WORK.do(lambda store: standing(store, found, to_teacher=True))
    return JSONResponse(told, headers=HEADERS)


def changes(found: Class, said: dict[str, Any]) -> dict[str, Any]:
    """Return what becomes of a class by an order; refuse one that makes no sense.

    Another card is a new question: it is open, and its answers are hidden. Answers that are
    revealed are closed with it, and hidden again where it is opened once more, or they would be
    chosen by what others chose.
    """
    if {"open", "revealed"} <= {*said}:
        raise RefusedError(400, "Either open or revealed.")
    values: dict[str, Any] = {}
    for name, value in said.items():
        if name == "card" and type(value) is int and 1 <= value <= SUBJECTS[found.subject].cards:
            values |= {"card": value, "open": True, "revealed": False}
        elif name == "revealed" and value is True:
            values |= {"revealed": True, "open": False}
        elif name == "open" and isinstance(value, bool):
            values |= {"open": value} | ({"revealed": False} if value else {})
        else:
            raise RefusedError(400, "An order is card, open, revealed or end.")
    if not values:
        raise RefusedError(400, "An order is card, open, revealed or end.")
    return values


@answered
async def card(request: Request) -> Response:
    """Answer with what the teacher's page shows of the card that the class is at."""
    found = await class_of(code_of(request))
    check_led(request, found)
    code, theme = current(), THEMES.get(request.query_params.get("theme", ""), LIGHT)

    def made(store: Store) -> Response:
        with language(code):  # which a thread of the pool does not have from here
            counts = store.counts(found.code).get(found.card, {})
            return JSONResponse(cards.told(found, counts, theme), headers=HEADERS)

    try:
        return await WORK.do(made)
    except UnmeasuredError as problem:
        raise RefusedError(503, problem.text()) from None


@answered
async def table(request: Request) -> Response:
    """Answer with the answers of a class as CSV: a row for each, students by numbers."""
    found = await class_of(code_of(request))
    check_led(request, found)
    code = current()

    def made(store: Store) -> str:
        rows = store.rows(found.code)
        tokens = dict.fromkeys(token for token, _, _ in rows)
        numbers = {token: place + 1 for place, token in enumerate(tokens)}
        with language(code):  # which a thread of the pool does not have from here
            said = cards.lines(found, ((numbers[token], n, answer) for token, n, answer in rows))
            text = "".join(csv_pieces(cards.header(found), said))
        # Spreadsheets take what is not in ASCII for something else without a mark.
        return text if text.isascii() or text.startswith(MARK) else MARK + text

    try:
        text = await WORK.do(made)
    except UnmeasuredError as problem:
        raise RefusedError(503, problem.text()) from None
    return Response(text, media_type="text/csv", headers=HEADERS)


# --- Everybody


@answered
async def show(request: Request) -> Response:
    """Answer how a class stands."""
    code = code_of(request)
    found = await class_of(code)
    to_teacher = led(request, found)
    if not to_teacher:
        check_guesses(request)
    told = await WORK.do(lambda store: standing(store, found, to_teacher))
    return JSONResponse(told, headers=HEADERS)


def standing(store: Store, found: Class, to_teacher: bool) -> dict[str, Any]:
    """Return how a class stands; how many gave which answer is for teachers, until revealed."""
    code = found.code
    told: dict[str, Any] = {
        "code": code,
        "subject": found.subject,
        "card": found.card,
        "cards": SUBJECTS[found.subject].cards,
        "open": found.open,
        "revealed": found.revealed,
        "ends": found.ends_at,
    }
    if to_teacher:
        counts = store.counts(code)
        told |= {"joined": store.joined(code), "counts": counts.get(found.card, {})}
    elif found.revealed:
        told["counts"] = store.counts(code).get(found.card, {})
    return told


@answered
async def take(request: Request) -> Response:
    """Let a student join and answer; answer with all that is kept of the student."""
    code, said = code_of(request), await body_of(request)
    token = said.get("token")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise RefusedError(400, "token must be 32 hexadecimal digits.")
    if not {*said} <= {"token", "card", "answer"} or ("card" in said) != ("answer" in said):
        raise RefusedError(400, "A student says token, or token, card and answer.")
    card, answer = None, ""
    if "card" in said:
        card, answer = said["card"], checked(await class_of(code), said["card"], said["answer"])

    def joins() -> bool:
        here = address_of(request)
        mine = f"{code} {here}"
        # Who has to wait for the class has not used up a place of the address.
        return (
            GUESSES.allows(here)
            and COMINGS.allows(mine)
            and JOININGS.take(code)
            and COMINGS.take(mine)
        )

    own = await WORK.do(lambda store: store.take(code, token, card, answer, joins))
    return JSONResponse({"answers": own}, headers=HEADERS)


def checked(found: Class, card: Any, answer: Any) -> str:
    """Return an answer as it is kept; refuse one that the class's card does not offer."""
    subject = SUBJECTS[found.subject]
    if type(card) is not int or not 1 <= card <= subject.cards:
        raise RefusedError(400, f"card must be a whole number from 1 to {subject.cards}.")
    if not isinstance(answer, str) or len(answer) > MOST_TEXT:
        raise RefusedError(400, f"answer must be a text of at most {MOST_TEXT} characters.")
    try:
        return subject.checked(card, answer)
    except AnswerError as problem:
        raise RefusedError(400, str(problem)) from None


ROUTES = (
    Route("/class", open_class, methods=["POST"]),
    Route("/class/{code}", show, methods=["GET"]),
    Route("/class/{code}", lead, methods=["POST"]),
    Route("/class/{code}/student", take, methods=["POST"]),
    Route("/class/{code}/card", card, methods=["GET"]),
    Route("/class/{code}/answers.csv", table, methods=["GET"]),
)
