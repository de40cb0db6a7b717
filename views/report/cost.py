"""What a batch costs on the serving machine, measured when a visitor asks for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from landscape.language import msgid, tr, whole
from landscape.language import number as written
from optimizers.maps.batch_cost import BatchCost, BatchCosts
from views.maps import page as maps
from views.report.report import drawer
from views.settings.session import write_link
from views.settings.setting import harmless

COST = msgid("What a batch costs")
ASKED, MEASURED = "cost asked", "cost measured"  # in the session
REQUEST = BatchCost()
WORDS = maps.Words(
    msgid("Measuring"),
    msgid("Given up."),
    msgid("Measure after all"),
    msgid("The machine is busy: measured now, the times would be those of others too. Try later."),
)


def opened() -> Any:
    """Return the drawer of what a batch costs."""
    return drawer(COST)


def draw(opened: Any) -> None:
    """Draw what was measured, or a button that asks for it, if the drawer is open."""
    if not opened.open:
        return
    with opened:
        st.markdown(
            tr(
                "Updates of a linear model with {features} weights on {samples} samples, timed on"
                " the machine that serves this page: some seconds for batches of all sizes.",
                features=whole(REQUEST.features),
                samples=whole(REQUEST.samples),
            )
        )
        if MEASURED not in st.session_state and st.session_state.get(ASKED):
            _, found = maps.awaited(REQUEST, WORDS)
            if found is not None:
                st.session_state[MEASURED] = found
        if MEASURED in st.session_state:
            st.markdown(told(REQUEST, st.session_state[MEASURED]))
        elif not st.session_state.get(ASKED):
            st.button(tr("Measure"), on_click=ask)


def ask() -> None:
    """Have it measured."""
    st.session_state[ASKED] = True
    write_link()


def told(request: BatchCost, found: BatchCosts) -> str:
    """Return what was measured, as Markdown: a table, what it shows, where and when."""
    heads = [
        *(tr("Batch size"), tr("Updates of an epoch"), tr("Time of an update")),
        *(tr("Time of an epoch"), tr("Memory of an update")),
    ]
    rows = [f"| {' | '.join(heads)} |", "|--:|--:|--:|--:|--:|"]
    columns = (found.sizes, found.updates, found.seconds, found.epoch, found.held)
    for size, updates, seconds, epoch, held in zip(*map(list, columns), strict=True):
        cells = [
            *(whole(int(size)), whole(int(updates)), tr("{n} ms", n=written(seconds * 1e3, 3))),
            *(tr("{n} ms", n=written(epoch * 1e3, 3)), tr("{n} MB", n=written(held / 1e6, 2))),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    times, best = found.seconds[-1] / found.seconds[0], int(np.argmin(found.epoch))
    said = tr(
        "An update of all {samples} samples took {times} times as long as one of a single sample."
        " The shortest epoch was that of batches of {size}.",
        samples=whole(request.samples),
        times=written(float(times), 3),
        size=whole(int(found.sizes[best])),
    )
    where = tr(
        "Measured {date}: `{processor}`, {count} processors, beside whatever else they did.",
        date=found.date,
        processor=harmless(found.processor) or "?",
        count=whole(found.processors),
    )
    return "\n".join(rows) + f"\n\n{said}\n\n{where}"
