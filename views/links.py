"""What a link asked for and did not get."""

from __future__ import annotations

from typing import Any

import streamlit as st

from views.presets import PRESETS

VERSION = "1"  # of what settings are called and what they default to; links may carry it as `v`
FREE = ("v", "preset", "embed", "embed_options")


class Link:
    """Compares the link that opened a session with what the widgets made of it."""

    def __init__(self) -> None:
        opened = st.session_state.setdefault("opened", False)
        st.session_state["opened"] = True
        self.given: dict[str, list[str]] = {}
        if not opened:
            self.given = {name: st.query_params.get_all(name) for name in st.query_params}

    def report(self, place: Any) -> None:
        """Say in `place` which parts of the link were not used; call it after all widgets."""
        complaints = [text for name, given in self.given.items() if (text := refusal(name, given))]
        if not complaints:
            return
        more = len(complaints) - 5
        place.warning(
            "Some of this link could not be used; the rest of it is shown.\n\n"
            + "\n".join(f"- {text}" for text in complaints[:5])
            + (f"\n- and {more} more" if more > 0 else "")
        )


def refusal(name: str, given: list[str]) -> str:
    """Return why a part of a link was not used, or an empty text if it was."""
    shown = f"`{clean(name)}` = `{clean(', '.join(given))}`"
    if name == "v":
        return "" if given == [VERSION] else f"{shown}: this is version {VERSION}."
    if name == "preset":
        return "" if given[-1] in PRESETS else f"{shown}: there is no such preset."
    if name in FREE:
        return ""
    if name not in st.session_state:
        return f"{shown}: there is no such setting here."
    value = st.session_state[name]
    used = value if isinstance(value, list) else [value]
    if len(used) == len(given) and all(map(same, used, given)):
        return ""
    return f"{shown} was not accepted; it is {clean(', '.join(map(str, used)))}."


def same(value: Any, text: str) -> bool:
    """Tell whether a widget's value is what the link said."""
    if isinstance(value, str):
        return value == text
    try:
        return float(value) == float(text)
    except ValueError:
        return False


def clean(text: str) -> str:
    """Return a piece of a link as something harmless and short to print."""
    kept = "".join(c if c.isalnum() or c in " .,-+_" else "?" for c in text)
    return kept if len(kept) <= 40 else kept[:40] + "..."
