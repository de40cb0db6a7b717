"""What the largest request at each of our addresses costs; a test measures it."""

from __future__ import annotations

import math
from typing import NamedTuple

from views.classroom import starts
from views.classroom.routes import AT_ONCE as CLASS_AT_ONCE
from views.classroom.routes import WAITING as CLASS_WAITING
from views.classroom.store import MOST_STUDENTS
from views.live.routes import QUICK_PLACES
from views.maps.base import MOST_REQUEST_UPDATES
from views.server.places import AT_ONCE, WAITING
from views.settings.rates import RATES_TRIED, SEEDS_TRIED
from views.settings.schedules import MOST_OF_REGRESSION
from views.settings.watching import MOST_UPDATES_OF_ENDS
from views.theme import MOST_PANELS

RUNS = MOST_PANELS * MOST_OF_REGRESSION
DRAWN = 3 * RUNS  # and the losses of an average and of Sutskever's points, each as long again
WITH_ENDS = DRAWN + MOST_UPDATES_OF_ENDS  # with the ends of many seeds
# For best rates, which is made twice. Whoever asks again gets what was found.
SEARCH = 2 * RATES_TRIED * SEEDS_TRIED * RUNS
# The runs of a class and, once in the life of a process, those from starts all over the picture.
STARTED = (MOST_STUDENTS + math.prod(starts.GRID)) * starts.STEPS
CLASS_PLACES = (CLASS_AT_ONCE, CLASS_WAITING)


class Cost(NamedTuple):
    """The most that one request takes.

    `updates` are those of the runs that are asked for, of 30 to 150 ns each, 630 of a formula, and
    5,000 of a search in noise, which maps count as eight; where `search` is true, as many as
    SEARCH may come before them. `megabytes` are those of the answer before it is compressed. A
    process makes `at_once` answers while `waiting` others wait, and refuses more with 503; 0 means
    that there is nothing to wait for.
    """

    updates: int
    search: bool
    megabytes: float
    at_once: int
    waiting: int


COSTS = {
    "zz/map/{name}.csv": Cost(MOST_REQUEST_UPDATES, True, 20, AT_ONCE, WAITING),
    "zz/save/{name}.csv": Cost(DRAWN, True, 12, AT_ONCE, WAITING),
    "zz/save/{name}.html": Cost(WITH_ENDS, True, 7, AT_ONCE, WAITING),
    "zz/save/{name}.ipynb": Cost(0, True, 0.003, AT_ONCE, WAITING),
    "zz/sheet/{name}.html": Cost(0, False, 3, 0, 0),
    "zz/scene": Cost(WITH_ENDS, True, 0.5, *QUICK_PLACES),
    "zz/ground": Cost(0, False, 1, *QUICK_PLACES),
    "zz/orders": Cost(0, False, 0.3, *QUICK_PLACES),
    "zz/health": Cost(0, False, 0.0002, 0, 0),
    "zz/metrics": Cost(0, False, 0.004, 0, 0),
    "zz/reach": Cost(0, False, 0.01, 0, 0),
    "zz/class": Cost(0, False, 0.00006, *CLASS_PLACES),
    "zz/class/{code}": Cost(0, False, 0.02, *CLASS_PLACES),
    "zz/class/{code}/card": Cost(STARTED, False, 2, *CLASS_PLACES),
    "zz/class/{code}/student": Cost(0, False, 0.0001, *CLASS_PLACES),
    "zz/class/{code}/answers.csv": Cost(0, False, 0.7, *CLASS_PLACES),
    "zz/{digest}/{name}": Cost(0, False, 5, 0, 0),
}
