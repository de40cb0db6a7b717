"""The search for best rates as a job, which visitors share and which ends with whoever asked."""

from __future__ import annotations

import threading

from optimizers import Experiment
from views.server.jobs import JOBS
from views.settings.choice import Choice, choose, planned
from views.settings.rates import BEST, BEST_NOTE, BestRates, FoundRates, with_rates
from views.settings.settings import Settings


def search(settings: Settings) -> BestRates | None:
    """Return the request for the best rates of what is set, None where none are asked for."""
    choice = planned(settings)
    return BestRates(choice.experiment) if BEST_NOTE in choice.notes else None


def found(settings: Settings, rates: FoundRates | None) -> Choice:
    """Return what settings choose, with the best rates if there are any."""
    if rates is None:
        return planned(settings)
    return choose(settings, lambda experiment: with_rates(experiment, rates.rates))


def searched(settings: Settings, gone: threading.Event, page: bool = False) -> Choice:
    """Return what settings choose, as soon as the best rates are known, for a page or a file.

    Raises Cancelled when `gone` is set before, and Full where too many jobs wait.
    """
    make = JOBS.made_for_page if page else JOBS.made

    def best(experiment: Experiment) -> Experiment:
        return with_rates(experiment, make(BestRates(experiment), gone).rates)

    return choose(settings, best)


def searches(settings: Settings) -> bool:
    """Tell whether settings may take a search."""
    return bool(settings["fair"] == BEST)
