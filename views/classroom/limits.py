"""How often something may be done: that is held in memory, and only as long as it counts."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_NAMES = 1_000  # that are told apart; the longest unused ones are forgotten


class Limit:
    """So many times at once under a name, and then so many a second."""

    def __init__(
        self, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.burst, self.per_second, self._clock = burst, per_second, clock
        self._lock = threading.Lock()
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()  # how much, and when

    def _left(self, name: str) -> float:
        used, at = self._used.get(name, (0.0, 0.0))
        return self.burst - max(0.0, used - (self._clock() - at) * self.per_second)

    def allows(self, name: str) -> bool:
        """Tell whether it may be done once more under a name."""
        with self._lock:
            return self._left(name) >= 1

    def take(self, name: str) -> bool:
        """Take note that it is done; tell whether it may be."""
        with self._lock:
            left = self._left(name)
            if left < 1:
                return False
            self._used[name] = self.burst - left + 1, self._clock()
            self._used.move_to_end(name)
            self._forget()
            return True

    def forget(self) -> None:
        """Forget the names that may do it as often as if they had never done it."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        for name in [name for name in self._used if self._left(name) == self.burst]:
            del self._used[name]
        while len(self._used) > MOST_NAMES:
            self._used.popitem(last=False)
