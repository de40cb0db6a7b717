"""What must work under every supported Python: import, simulate, and each view of the page.

A short part of the tests that needs nothing but the app's own requirements. Warnings are errors.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
warnings.simplefilter("error")
warnings.simplefilter("ignore", ResourceWarning)  # AppTest leaves its folder to the end

import numpy as np  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

import landscape  # noqa: E402
import optimizers  # noqa: E402
import views  # noqa: E402
from views.presets import PRESETS  # noqa: E402
from views.scene.figures import PICTURES  # noqa: E402


def check_imports() -> None:
    """Import every module."""
    for package in (landscape, optimizers, views):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def check_simulations() -> None:
    """Simulate every optimizer on every surface."""
    runs = tuple(optimizers.Run(name) for name in optimizers.OPTIMIZERS)
    for surface, record in landscape.SURFACES.items():
        noise = 0.0 if record.samples else 0.1
        experiment = optimizers.Experiment(surface, steps=50, noise=noise, runs=runs)
        for trajectory in optimizers.simulate(experiment):
            assert trajectory.diverged_at or np.isfinite(trajectory.path).all(), trajectory.run


def check_pages() -> None:
    """Show the page in every view of paths, and every preset, whose maps are computed."""
    queries = [{"view": view} for view in PICTURES] + [{"preset": slug} for slug in PRESETS]
    for query in queries:
        page = AppTest.from_file(ROOT / "app.py", default_timeout=120)
        for name, value in query.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception, (query, page.exception)


if __name__ == "__main__":
    check_imports()
    check_simulations()
    check_pages()
