"""The settings of what is told and shown of runs: the tolerance, and the view into one step."""

from __future__ import annotations

from collections.abc import Callable

from landscape.language import Message, msgid
from optimizers import Optimizer
from views.settings.schedules import MOST_OF_REGRESSION
from views.settings.setting import OneOf, Range, RunName, Setting

RUN_GONE = msgid("{label}: {old} is not among the runs any more; {new} is shown.")
MODELS = (
    msgid("none"),
    msgid("first order: a plane"),
    msgid("second order: a quadratic"),
)
OPEN, CLOSED = "open", "closed"


def run_setting(
    id: str, label: Message, width: int, able: Callable[[Optimizer], bool] = lambda rule: True
) -> Setting:
    """Return the setting that chooses one of the runs, of those whose rules are able."""
    return Setting(
        id,
        RunName(),
        "",
        label,
        needs=("compare",),
        choices=lambda settings: settings.names(able),
        unfit=RUN_GONE,
        width=width,
    )


TOLERANCE = Setting(
    "tolerance",
    Range(1e-12, 1e6, 1e-3),
    1e-3,
    msgid("Tolerance of the excess loss"),
    msgid("A run has arrived when its loss is less than this above the lowest loss."),
)
SETTINGS: tuple[Setting, ...] = (
    TOLERANCE,
    Setting("look", OneOf((CLOSED, OPEN)), CLOSED, msgid("Inside one update")),
    run_setting("look.run", msgid("Run"), 180),
    Setting(
        "look.step",
        Range(0, MOST_OF_REGRESSION, 1, whole=True),
        0,
        msgid("From update"),
        msgid("The magnifier under the panels looks at the update of the clock."),
        width=140,
    ),
    Setting("look.model", OneOf(MODELS), MODELS[0], msgid("Local model"), width=230),
)
