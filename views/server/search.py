"""The search for best rates as a job, which visitors share and which ends with whoever asked."""

from __future__ import annotations

import threading

from optimizers.maps import Ensemble
from views.live.kept import QUICK_ENDS
from views.server.jobs import JOBS
from views.settings.choice import Choice, choose, planned
from views.settings.rates import BEST, BEST_NOTE, BestRates, FoundRates, with_rates
from views.settings.settings import Settings
from views.settings.watching import ENDS, SHOWN, UNAVERAGED
from views.theme import MOST_PANELS

QUICK_UPDATES = 10_000  # of all runs: their picture and words take about 30 ms


def search(settings: Settings) -> BestRates | None:
    """Return the request for the best rates of what is set, None where none are asked for."""
    choice = planned(settings)
    return BestRates(choice.experiment) if BEST_NOTE in choice.notes else None


def found(settings: Settings, rates: FoundRates | None) -> Choice:
    """Return what settings choose, with the best rates if there are any."""
    if rates is None:
        return planned(settings)
    return choose(settings, lambda experiment: with_rates(experiment, rates.rates))


def best_rates(settings: Settings, gone: threading.Event, page: bool = False) -> FoundRates | None:
    """Return the best rates for a page or a file as soon as they are known; None where none are
    asked for.

    Raises Cancelled when `gone` is set before, and Full where too many jobs wait.
    """
    request = search(settings) if searches(settings) else None
    if request is None:
        return None
    found: FoundRates = JOBS.made(request, gone, page)
    return found


def searched(settings: Settings, gone: threading.Event, page: bool = False) -> Choice:
    """Return what settings choose, as soon as `best_rates` knows these."""
    return found(settings, best_rates(settings, gone, page))


def large(settings: Settings) -> bool:
    """Tell whether the runs of settings take so many updates that others would notice."""
    if settings["show"] == ENDS:
        choice = planned(settings)
        if choice.seeds and Ensemble(choice.experiment, choice.seeds).updates > QUICK_ENDS:
            return True
    # The losses of what is drawn beside a run take as long as the run's.
    beside = (settings["average"] != UNAVERAGED) + (settings["sutskever"] == SHOWN)
    most = QUICK_UPDATES // (1 + beside)
    if settings["unit"] == "updates" and settings["length"] * MOST_PANELS <= most:
        return False
    experiment = planned(settings).experiment
    return sum(experiment.plan(run).steps for run in experiment.runs) > most


def searches(settings: Settings) -> bool:
    """Tell whether settings may take a search."""
    return bool(settings["fair"] == BEST)
