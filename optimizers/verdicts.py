"""How a run ended, in one word, with the number that decided it.

A small gradient alone proves nothing: it may belong to a minimum, a saddle or flat ground. What is
asked instead is where the local quadratic model puts the critical point, what curvature it has
there, and whether the run still moves. Lengths are compared with the frame's diagonal, slopes with
the loss that is still to be gained: neither a scaled loss nor turned axes change a verdict.

Where weight decay is added to the gradient, the loss in these questions is f + wd/2 |theta|^2.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscape.record import CUSP, GLOBAL_MINIMUM, LOCAL_MINIMUM as LOCAL
from optimizers.experiment import Experiment, Trajectory, noise_scale
from optimizers.measures import Frame, coupled_decay, curvatures, frame_of, last_gap, nearest
from optimizers.registry import OPTIMIZERS
