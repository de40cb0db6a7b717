"""The arrows of the project: app.py -> views -> optimizers -> landscape, and nothing back."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from optimizers import record
from optimizers.simulation import driver
from views.settings.table import FACTORS

ROOT = Path(__file__).parent.parent
LAYERS = ("landscape", "optimizers", "views", "app")  # each may import those before it, and itself
FILES = {
    str(path.relative_to(ROOT)): path
    for layer in LAYERS
    for path in sorted((*(ROOT / layer).rglob("*.py"), ROOT / f"{layer}.py"))
    if path.exists()
}
# Where a library may be imported; numba only where it is configured.
ALLOWED = {
    "streamlit": ("app.py", "views/"),
    "plotly": ("views/",),
    "numba": ("landscape/compiled.py",),
    "dask": ("views/maps/command.py",),  # elsewhere an engine is any executor
    "torch": (),
}


def layer_of(name: str) -> str:
    return name.removesuffix(".py").split("/")[0]


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it, by their full names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def test_there_are_files_in_every_package():
    assert {"landscape", "optimizers", "views"} <= {layer_of(name) for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_a_file_imports_only_from_its_own_layer_and_those_below(name):
    allowed = LAYERS[: LAYERS.index(layer_of(name)) + 1]
    used = {module.split(".")[0] for module in imports(FILES[name])}
    assert used & {*LAYERS} <= {*allowed}


@pytest.mark.parametrize("library", ALLOWED)
def test_a_library_is_imported_only_in_its_place(library):
    users = [
        name for name, path in FILES.items() if library in {m.split(".")[0] for m in imports(path)}
    ]
    assert [name for name in users if not name.startswith(ALLOWED[library])] == []


# A scene, an experiment or a file is made of a link alone, in any process: these know no page.
PAGES = ("session", "widgets", "cards", "rows", "languages")
PURE = [
    name
    for name in FILES
    if name.startswith(("views/scene/", "views/factors/", "views/settings/"))
    and Path(name).stem not in PAGES
]


def test_what_a_link_means_is_known_without_the_page():
    script = (
        "import sys, views.settings.choice, views.scene.scene; print('streamlit' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert told.stdout.strip() == "False", told.stderr
    assert len(PURE) > 25
    users = [
        name for name in PURE if "streamlit" in {m.split(".")[0] for m in imports(FILES[name])}
    ]
    assert users == []


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("views/scene/")])
def test_a_scene_is_made_of_trajectories_and_knows_nothing_that_comes_before_or_after(name):
    used = {module for module in imports(FILES[name]) if module.startswith("views.")}
    assert {".".join(module.split(".")[:2]) for module in used} <= {"views.scene", "views.theme"}


@pytest.mark.parametrize("name", FILES)
def test_only_the_factors_own_files_know_their_names(name):
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            texts = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
            assert not texts & {*FACTORS}, f"{name}:{node.lineno}"


@pytest.mark.parametrize("name", FILES)
def test_a_compiler_is_configured_in_one_place_only(name):
    calls = {"njit", "jit", "vectorize", "guvectorize", "cfunc", "stencil", "prange"}
    if name in ALLOWED["numba"]:
        return
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        called = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
        assert called not in calls, f"{name}:{node.lineno}"


# A kernel that calls another file's is not compiled again when that file changes.
@pytest.mark.parametrize("name", FILES)
def test_a_kernel_uses_nothing_of_another_file_but_the_standard_library(name):
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    foreign = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in LAYERS
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(d, ast.Call) and getattr(d.func, "id", "") == "kernel"
            for d in node.decorator_list
        ):
            inner = {n.id for line in node.body for n in ast.walk(line) if isinstance(n, ast.Name)}
            assert inner & foreign == set()


def test_the_driver_knows_what_a_rule_returns_when_it_made_a_step():
    known = driver.DONE, driver.LONG, driver.LINE
    assert known == (record.DONE, record.LONG, record.LINE)
