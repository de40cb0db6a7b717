"""The player's JavaScript as it is served and saved; tests/js tests what it does."""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
from pathlib import Path

import pytest
from conftest import awaited
from starlette.requests import Request

from views.server.offline import modules
from views.server.server import CLASSROOM, FILES, MODULES, PLAYER, PLOTLY, TYPES, address, asset

# What the components fetch.
ENTRIES = ("reach.js", "live.js", "place.js", "player.js", "chart.js", "classroom.js", "member.js")
PLOT = "plot.js"
# What Plotly does not document, and its global.
PRIVATE = re.compile(
    r"\bPlotly\.|\._[a-z]|\bglplot\b|\b[lp]2[lp]\b|cameraParams|js-line|path\.point"
)


def text_of(name: str) -> str:
    return MODULES[name].read_text(encoding="utf-8")


def imports(text: str) -> set[str]:
    """Return what a module imports, in any way that JavaScript has."""
    code = re.sub(r"/\*.*?\*/|^\s*//.*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"\b(?:from|import)\s*\(?\s*[\"'`]([^\"'`]+)", code))


def get(path: str, encodings: str = "gzip"):
    headers = [(b"accept-encoding", encodings.encode())]
    name = path.rsplit("/", 1)[-1]
    scope = {"type": "http", "path": path, "headers": headers, "path_params": {"name": name}}
    return awaited(asset(Request(scope | {"query_string": b"", "server": ("host", 80)})))


def test_no_two_modules_have_one_name():
    files = [*PLAYER.glob("*.js"), *CLASSROOM.glob("*.js")]
    assert {*MODULES.values()} == {*files}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_modules_that_lie_beside_it(name):
    assert {specifier.removeprefix("./") for specifier in imports(text_of(name))} <= {*MODULES}


def test_every_module_is_used_and_none_imports_itself_by_others():
    def reach(name: str, above: tuple[str, ...] = ()) -> set[str]:
        assert name not in above, f"a circle of imports: {above}"
        below = (specifier.removeprefix("./") for specifier in imports(text_of(name)))
        return {name}.union(*(reach(other, (*above, name)) for other in below))

    assert set().union(*map(reach, ENTRIES)) == {*MODULES}


@pytest.mark.parametrize("name", [name for name in MODULES if name != PLOT])
def test_one_module_alone_knows_plotly(name):
    assert PRIVATE.findall(text_of(name)) == []
    assert PRIVATE.findall(text_of(PLOT))


def test_a_file_that_changes_under_a_running_server_is_served_as_it_was(monkeypatch):
    name = next(iter(MODULES))
    before = get(f"/{address(name)}", "identity").body

    def changed(path: Path) -> bytes:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr(Path, "read_bytes", changed)
    address.cache_clear()
    assert get(f"/{address(name)}", "identity").body == before


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_served_for_ever_under_an_address_of_its_content(name):
    response = get(f"/{address(name)}")
    assert response.status_code == 200
    assert gzip.decompress(response.body) == FILES[name].read_bytes()
    assert "immutable" in response.headers["cache-control"]
    assert response.media_type == TYPES[FILES[name].suffix]
    assert get(f"/{address(name)}", "identity").body == FILES[name].read_bytes()


def test_modules_are_served_beside_each_other():
    folders = {address(name).rsplit("/", 1)[0] for name in MODULES}
    assert len(folders) == 1
    assert folders != {address("plotly.js").rsplit("/", 1)[0]}
    assert FILES["plotly.js"] == PLOTLY


@pytest.mark.parametrize("path", ["/zz/000000000000/player.js", "/zz/0/player.py"])
def test_nothing_is_served_under_another_address(path):
    assert get(path).status_code == 404


def test_a_saved_page_holds_every_module_that_its_player_imports():
    held = json.loads(modules())["imports"]
    start = "data:text/javascript;base64,"
    texts = {
        name: base64.b64decode(url.removeprefix(start), validate=True).decode()
        for name, url in held.items()
        if url.startswith(start)
    }
    assert texts.keys() == held.keys()
    needed = set().union(*map(imports, texts.values()))
    assert needed | {"zigzag/player.js"} == {*texts}
    assert "zigzag/plot.js" in texts
    for name, text in texts.items():
        served = text_of(name.removeprefix("zigzag/"))
        assert text.replace('"zigzag/', '"./') == served


def test_an_import_map_cannot_end_its_script():
    assert "<" not in modules()


def test_the_encoder_of_gifs_is_the_library_as_npm_has_it():
    folder = Path(sys.prefix) / "js" / "node_modules" / "gifenc"  # as .ci/zigzag.py installs it
    code = (folder / "dist" / "gifenc.esm.js").read_text("utf-8").partition("//# source")[0]
    licence = (folder / "LICENSE.md").read_text("utf-8")
    ours = text_of("gifenc.js")
    assert ours.endswith(code.strip() + "\n")
    assert all(line in ours for line in licence.splitlines())
