"""An experiment, and what else a file is made from, as a piece of an address."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from typing import Any
from urllib.parse import urlencode

from optimizers import Experiment, Run
from views.server.server import OWN

MOST_BYTES = 100_000  # of what an address holds, written out
# What reading an address may raise that the page did not write.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, zlib.error)


def write(value: Any) -> str:
    """Return a dataclass of numbers, texts and one `experiment` as text."""
    written = json.dumps(dataclasses.asdict(value), default=dict, separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(written.encode())).decode()


def link(path: str, value: Any, text: str) -> str:
    """Return the HTML of a link to the file that `path` makes of a dataclass."""
    query = urlencode({"of": write(value)})
    return f'<p><a class="zz-file" download href="{OWN}/{path}?{query}">{text}</a></p>'


def read(text: str) -> dict[str, Any]:
    """Return the fields that `write` wrote, the experiment checked; raise one of UNREADABLE."""
    packed = zlib.decompressobj().decompress(base64.urlsafe_b64decode(text), MOST_BYTES)
    fields = json.loads(packed)
    runs = tuple(Run(**run) for run in fields["experiment"].pop("runs"))
    return fields | {"experiment": Experiment(runs=runs, **fields["experiment"])}
