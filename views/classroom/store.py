"""Where the classes and their answers are kept: in SQLite beside the app, or in PostgreSQL.

ZIGZAG_DATABASE names a database as SQLAlchemy does (`postgresql://user@host/name`), for several
machines. Without it all processes of one machine share a file beside the app, or, where nothing
can be written there, in a folder of the system for temporary files.

A class is its row: what students answered goes with it, after LIFE_SECONDS or when it is ended.
Nobody is known by more than a number that the browser made for this class, and of that and of the
teacher's key only hashes are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from landscape.language import msgid
from views.settings.teaching import CODE_LENGTH, CODE_LETTERS

DATABASE = "ZIGZAG_DATABASE"  # in the environment
FILE = "classes.db"
HERE = Path(__file__).parents[2]
FOLDER = next(folder for folder in (HERE / "zigzag", HERE) if (folder / "app.py").is_file())

LIFE_SECONDS = 24 * 3600.0
MOST_CLASSES = 200  # at a time
EMPTY_SECONDS = 600.0  # after which a class that nobody joined makes room for another
MOST_STUDENTS = 1000  # of a class
TRIES = 20  # to find a code that is free
WAIT_SECONDS = 5.0  # for another process that writes

LOG = logging.getLogger(__name__)

GONE = msgid("There is no class with this code, or it has ended.")
MANY_CLASSES = msgid("Too many classes are open here. Try again later.")
NO_PLACE = msgid(
    "No class can be opened here: this server has no place to keep answers. Whoever runs it can"
    " name a database in ZIGZAG_DATABASE."
)


class StoreError(Exception):
    """Something cannot be kept; its first argument is the message that says why."""


class NoPlaceError(StoreError):
    """There is no database that can be written."""


class FullError(StoreError):
    """There are as many classes, or students of one, as there may be."""


class GoneError(StoreError):
    """There is no class with this code, or no longer."""


class ClosedError(StoreError):
    """The class takes no answer to this card now; the second argument is the card it is at."""


class BusyError(StoreError):
    """Too many do the same at this moment."""


METADATA = sa.MetaData()
CLASSES = sa.Table(
    "classes",
    METADATA,
    sa.Column("code", sa.String(CODE_LENGTH), primary_key=True),
    sa.Column("key", sa.String(64), nullable=False),  # its hash
    sa.Column("subject", sa.String(40), nullable=False),
    sa.Column("card", sa.Integer, nullable=False),  # that the class is at, from 1 on
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("revealed", sa.Boolean, nullable=False),  # the answers to this card
    sa.Column("opened_at", sa.Double, nullable=False),  # in seconds since 1970, as is
    sa.Column("ends_at", sa.Double, nullable=False),
)
STUDENTS = sa.Table(
    "students",
    METADATA,
    sa.Column(
        "code",
        sa.String(CODE_LENGTH),
        sa.ForeignKey("classes.code", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("token", sa.String(64), primary_key=True),  # its hash
)
ANSWERS = sa.Table(
    "answers",
    METADATA,
    sa.Column("code", sa.String(CODE_LENGTH), primary_key=True),
    sa.Column("token", sa.String(64), primary_key=True),
    sa.Column("card", sa.Integer, primary_key=True),
    sa.Column("answer", sa.String(40), nullable=False),
    sa.ForeignKeyConstraint(
        ["code", "token"], ["students.code", "students.token"], ondelete="CASCADE"
    ),
)


@dataclass(frozen=True)
class Class:
    """A class as it stands: `card` is the one it is at, and `revealed` whether its answers are."""

    code: str
    key: str
    subject: str
    card: int
    open: bool
    revealed: bool
    opened_at: float
    ends_at: float

    def held_by(self, key: str) -> bool:
        """Tell whether a key is that of the teacher who opened the class."""
        return hmac.compare_digest(self.key, hashed(key))


def hashed(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Store:
    """The classes of one database, which other processes and machines may share."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        """Make the tables where they are missing; raise NoPlaceError where that cannot be."""
        self.clock = clock
        try:
            self.engine = engine(url)
            self._make_tables()
            self.file = file_of(url)
            self._opened = self.file and self.file.stat().st_ino
        except (sa.exc.SQLAlchemyError, ImportError, ValueError, OSError) as problem:
            LOG.error("No database for classes: %s", problem)
            raise NoPlaceError(NO_PLACE) from None

    def _make_tables(self) -> None:
        for last in (False, True):
            try:
                with self.engine.begin() as connection:
                    for table in METADATA.sorted_tables:
                        connection.execute(CreateTable(table, if_not_exists=True))
                return
            except sa.exc.DBAPIError:  # another process makes the same at this moment
                if last:
                    raise

    def lost(self) -> bool:
        """Tell whether the file has been deleted, or another one stands in its place."""
        if not self.file:
            return False
        try:
            return self.file.stat().st_ino != self._opened
        except OSError:
            return True

    def _new(self, connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
        """Insert a row; tell whether it was not there yet."""
        made = self.insert(table).values(**values).on_conflict_do_nothing()
        return connection.execute(made.returning(table.c.code)).first() is not None

    def insert(self, table: sa.Table) -> Any:
        """Return an insertion that can say what to do where there is such a row already."""
        dialect = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(table)

    # --- The teacher's

    def open(self, subject: str) -> tuple[Class, str]:
        """Open a class on a subject; return it and its key, which nobody else is told.

        Raises FullError if there are MOST_CLASSES already.
        """
        self.forget_old()
        key, now = secrets.token_urlsafe(16), self.clock()
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":  # SQLite lets only one write as it is
                connection.execute(sa.text("LOCK TABLE classes IN SHARE ROW EXCLUSIVE MODE"))
            # It begins with what writes: of readers who then write, SQLite refuses one.
            joined = sa.select(STUDENTS.c.code)
            unused = CLASSES.c.opened_at < now - EMPTY_SECONDS
            connection.execute(
                sa.delete(CLASSES).where(
                    unused,
                    CLASSES.c.code.not_in(joined),
                    sa.select(sa.func.count()).select_from(CLASSES).scalar_subquery()
                    >= MOST_CLASSES,
                )
            )
            count = connection.scalar(sa.select(sa.func.count()).select_from(CLASSES))
            if count is None or count >= MOST_CLASSES:
                raise FullError(MANY_CLASSES)
            for _ in range(TRIES):
                made = Class(
                    code="".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)),
                    key=hashed(key),
                    subject=subject,
                    card=1,
                    open=True,
                    revealed=False,
                    opened_at=now,
                    ends_at=now + LIFE_SECONDS,
                )
                if self._new(connection, CLASSES, vars(made)):
                    return made, key
        raise FullError(MANY_CLASSES)

    def change(self, code: str, values: Mapping[str, Any]) -> None:
        """Change how a class stands."""
        with self.engine.begin() as connection:
            connection.execute(sa.update(CLASSES).where(CLASSES.c.code == code).values(**values))

    def end(self, code: str) -> None:
        """End a class: nothing of it is kept."""
        self._delete(CLASSES.c.code == code)

    def forget_old(self) -> None:
        """Delete the classes whose time is over."""
        self._delete(CLASSES.c.ends_at <= self.clock())

    def _delete(self, which: sa.ColumnElement[bool]) -> None:
        try:
            self._delete_rows(which)
        except sa.exc.OperationalError as problem:
            if not self.file or "locked" in str(problem.orig):
                raise
            # On a full disk the log has no room for what is deleted, but for what it held before.
            self._empty_log()
            self._delete_rows(which)
        if self.file:
            # What was written before it was deleted is still in the log.
            self._empty_log()

    def _delete_rows(self, which: sa.ColumnElement[bool]) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.delete(CLASSES).where(which))

    def _empty_log(self) -> None:
        with self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    # --- Everybody's

    def find(self, code: str) -> Class:
        """Return the class of a code; raise GoneError if there is none."""
        with self.engine.connect() as connection:
            return self._found(connection, code)

    def _found(self, connection: sa.Connection, code: str) -> Class:
        asked = sa.select(CLASSES).where(CLASSES.c.code == code, CLASSES.c.ends_at > self.clock())
        row = connection.execute(asked).first()
        if row is None:
            raise GoneError(GONE)
        return Class(**row._mapping)

    def joined(self, code: str) -> int:
        """Return how many students have joined a class."""
        asked = sa.select(sa.func.count()).select_from(STUDENTS).where(STUDENTS.c.code == code)
        with self.engine.connect() as connection:
            return int(connection.scalar(asked) or 0)

    def counts(self, code: str) -> dict[int, dict[str, int]]:
        """Return how many gave each answer to each card."""
        count = sa.func.count()
        asked = (
            sa.select(ANSWERS.c.card, ANSWERS.c.answer, count)
            .where(ANSWERS.c.code == code)
            .group_by(ANSWERS.c.card, ANSWERS.c.answer)
        )
        found: dict[int, dict[str, int]] = {}
        with self.engine.connect() as connection:
            for card, answer, number in connection.execute(asked):
                found.setdefault(card, {})[answer] = number
        return found

    def rows(self, code: str) -> Sequence[tuple[str, int, str]]:
        """Return all answers: what is kept of the token, the card, and the answer."""
        asked = (
            sa.select(ANSWERS.c.token, ANSWERS.c.card, ANSWERS.c.answer)
            .where(ANSWERS.c.code == code)
            .order_by(ANSWERS.c.token, ANSWERS.c.card)
        )
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(asked)]

    # --- A student's

    def take(
        self,
        code: str,
        token: str,
        card: int | None = None,
        answer: str = "",
        joins: Callable[[], bool] = lambda: True,
    ) -> dict[int, str]:
        """Let a student join, and keep an answer of theirs; return all of their answers.

        The last answer to a card counts. `joins` is asked whether one more may join now. Raises
        GoneError, FullError, BusyError, or ClosedError, and then nothing is kept.
        """
        with self.engine.begin() as connection:
            mine = {"code": code, "token": hashed(token)}
            # Written first, which locks it: the teacher's orders come before this or after it. And
            # of readers who then write, SQLite refuses one.
            here = CLASSES.c.code == code
            connection.execute(sa.update(CLASSES).where(here).values(code=CLASSES.c.code))
            found = self._found(connection, code)
            if self._new(connection, STUDENTS, mine):
                if not joins():
                    raise BusyError(msgid("Many are joining at this moment."))
                count = sa.select(sa.func.count()).where(STUDENTS.c.code == code)
                if int(connection.scalar(count) or 0) > MOST_STUDENTS:
                    raise FullError(msgid("This class is full."))
            if card is not None:
                # Who is ahead has not seen what others answered.
                if card < found.card:
                    raise ClosedError(msgid("The class is past this card."), found.card)
                if card == found.card and not found.open:
                    raise ClosedError(msgid("The class takes no answers now."), found.card)
                connection.execute(
                    self.insert(ANSWERS)
                    .values(**mine, card=card, answer=answer)
                    .on_conflict_do_update(
                        index_elements=["code", "token", "card"], set_={"answer": answer}
                    )
                )
            asked = sa.select(ANSWERS.c.card, ANSWERS.c.answer).where(
                ANSWERS.c.code == code, ANSWERS.c.token == mine["token"]
            )
            return {row.card: row.answer for row in connection.execute(asked)}


def engine(url: str) -> sa.Engine:
    """Return the engine of a database."""
    parsed = sa.make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        # A connection that a restart of the database has cut is replaced before it is used.
        patience = {"connect_timeout": int(WAIT_SECONDS)} if "psycopg" in parsed.drivername else {}
        return sa.create_engine(
            parsed, pool_pre_ping=True, hide_parameters=True, connect_args=patience
        )
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("SQLite needs a file: threads and processes do not share its memory.")
    made = sa.create_engine(parsed, connect_args={"timeout": WAIT_SECONDS}, hide_parameters=True)

    @sa.event.listens_for(made, "connect")
    def prepare(connection: Any, record: Any) -> None:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",  # what is acknowledged outlives the process
            "foreign_keys = ON",
            "secure_delete = ON",  # what is deleted is overwritten
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return made


# --- The place


def file_of(url: str) -> Path | None:
    """Return the file of an SQLite database, None for another one."""
    parsed = sa.make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def database() -> str:
    """Return the address of the database; raise NoPlaceError where there is none."""
    told = os.environ.get(DATABASE, "").strip()
    if told:
        return told
    for folder in (FOLDER, private_folder()):
        if folder and writable(folder / FILE):
            return str(sa.URL.create("sqlite", database=str(folder / FILE)))
    raise NoPlaceError(NO_PLACE)


def writable(file: Path) -> bool:
    """Tell whether a database can be written: its file, and others beside it."""
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            return not file.exists() or os.access(file, os.R_OK | os.W_OK)
    except OSError:
        return False


def private_folder() -> Path | None:
    """Return a folder of this user alone among the temporary files; None where there is none."""
    user = os.getuid() if os.name == "posix" else ""
    folder = Path(tempfile.gettempdir()) / f"zigzag-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    # Somebody else may have made it, for us to write into.
    if os.name == "posix" and (found.st_uid != os.getuid() or found.st_mode & 0o077):
        return None
    return folder if stat.S_ISDIR(found.st_mode) else None


_lock = threading.Lock()
_stores: list[Store] = []  # of this process: one, from when it is first asked for


def store() -> Store:
    """Return the store of this process; raise NoPlaceError where there is no place for one."""
    with _lock:
        if _stores and _stores[0].lost():
            _stores.pop().engine.dispose()
        if not _stores:
            _stores.append(Store(database()))
        return _stores[0]


def forget_old() -> None:
    """Delete the classes whose time is over; a file that nobody has made is not made for that."""
    try:
        if not _stores:
            file = file_of(database())
            if file and not file.exists():
                return
        store().forget_old()
    except (NoPlaceError, ValueError):  # the latter of what is no address
        return  # which who opens a class is told
    except sa.exc.SQLAlchemyError as problem:
        LOG.error("Old classes are still there: %s", problem)
