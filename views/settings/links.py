"""What a link asked for and did not get."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from views.presets import PRESETS
from views.settings.settings import WHOLE_NUMBERS

VERSION = "1"  # of what settings are called and what they default to; links may carry it as `v`
FREE = ("v", "preset", "embed", "embed_options")


class Link:
    """Compares the link that opened a session with what the widgets made of it."""

    def __init__(self) -> None:
        if "link" not in st.session_state:
            given = {name: st.query_params.get_all(name) for name in st.query_params}
            st.session_state["link"] = given
            # Streamlit cannot make a whole number of an infinite one, and raises.
            kept = {name: texts for name, texts in given.items() if not endless(name, texts)}
            if kept != given:
                st.query_params.from_dict(kept)
                st.rerun()
        self.given: dict[str, list[str]] = st.session_state["link"]

    def report(self, place: Any) -> None:
        """Say in `place` which parts of the link were not used; call it after all widgets."""
        complaints = [text for name, given in self.given.items() if (text := refusal(name, given))]
        st.session_state["link"] = {}  # said once
        if not complaints:
            return
        more = len(complaints) - 5
        place.warning(
            "Some of this link could not be used; the rest of it is shown.\n\n"
            + "\n".join(f"- {text}" for text in complaints[:5])
            + (f"\n- and {more} more" if more > 0 else "")
        )


def endless(name: str, texts: list[str]) -> bool:
    """Tell whether a whole number is given as infinite."""
    if name.rpartition(".")[2] not in WHOLE_NUMBERS:
        return False
    try:
        return any(math.isinf(float(text)) for text in texts)
    except ValueError:
        return False


def refusal(name: str, given: list[str]) -> str:
    """Return why a part of a link was not used, or an empty text if it was."""
    if len(given) > 1 and (
        name == "preset" or not isinstance(st.session_state.get(name, ""), list)
    ):
        return (
            f"`{clean(name)}` is given {len(given)} times; the last, `{clean(given[-1])}`, counts."
        )
    shown = f"`{clean(name)}` = `{clean(', '.join(given))}`"
    if name == "v":
        return "" if given == [VERSION] else f"{shown}: this is version {VERSION}."
    if name == "preset":
        return "" if given[-1] in PRESETS else f"{shown}: there is no such preset."
    if name in FREE:
        return ""
    if name not in st.session_state:
        own = f"{st.query_params.get('preset')}.{name}"
        called = f" In this preset it is `{clean(own)}`." if own in st.session_state else ""
        return f"{shown}: there is no such setting here.{called}"
    value = st.session_state[name]
    used = (value or [""]) if isinstance(value, list) else [value]
    if len(used) == len(given) and all(map(same, used, given)):
        return ""
    return f"{shown} was not accepted; it is {clean(', '.join(map(str, used)))}."


def same(value: Any, text: str) -> bool:
    """Tell whether a widget's value is what the link said."""
    if isinstance(value, str):
        return value == text
    try:
        return float(value) == float(text)
    except (TypeError, ValueError):
        return False


def clean(text: str) -> str:
    """Return a piece of a link as something harmless and short to print."""
    kept = "".join(c if c.isalnum() or c in " .,-+_" else "?" for c in text)
    return kept if len(kept) <= 40 else kept[:40] + "..."
