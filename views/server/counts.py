"""What this process has done, counted where it is done; views/server/metrics.py tells it."""

from __future__ import annotations

import collections

MOST_TIMES = 1000  # of the last pictures


class Counts:
    """Numbers of one process; `seconds` are those of the last pictures."""

    def __init__(self) -> None:
        self.sessions = 0
        self.changes = 0
        self.pictures = 0
        self.refused = 0
        self.seconds: collections.deque[float] = collections.deque(maxlen=MOST_TIMES)

    def picture(self, seconds: float) -> None:
        """Count an answer with a picture."""
        self.pictures += 1
        self.seconds.append(seconds)

    def slow(self) -> float:
        """Return within how many seconds 95 % of the last pictures were answered; 0 before any."""
        times = sorted(self.seconds)
        return times[int(0.95 * len(times))] if times else 0.0


COUNTS = Counts()
