"""Where a value stands between the ends of a scale, evenly or by its logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """From `first` to `last`, of which either may be the larger one."""

    first: float
    last: float
    is_log: bool = False
    """Whether as much lies between 1 and 2 as between 10 and 20; of positive values."""

    def place(self, value: float, count: int) -> int:
        """Of so many places the one where a value stands; below 0 or above the last one if it lies beyond an end."""
        first, last, here = (
            map(math.log, (self.first, self.last, value)) if self.is_log else (self.first, self.last, value)
        )
        return round((here - first) / (last - first) * (count - 1))
