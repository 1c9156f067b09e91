"""Numbers in four bytes, beside the numbers people write.

A FLOAT column cannot hold 0.3: it holds 0.30000001192…, the float nearest to it, which is above 0.3 as a double. So a
customer who stands on a threshold falls on either side of it, by how an engine compares. A written number means its
nearest float, and everything compares by doubles: not with that float, whose 17 digits engines read differently, but
with the middles between it and its neighbours, between which no other float lies.
"""

from __future__ import annotations

import struct
from functools import lru_cache

LARGEST = 3.4028234663852886e38


@lru_cache(maxsize=1024)
def reach(value: float) -> tuple[float, float]:
    """(low, high): of all floats only the one nearest to `value` lies between. |value| at most `LARGEST`."""
    nearest = _float(value)
    if nearest == 0:
        return -_MIDDLE_OF_LEAST, _MIDDLE_OF_LEAST
    below, above = sorted((_step(nearest, -1), _step(nearest, 1)))
    return (below + nearest) / 2, (nearest + above) / 2


def _float(value: float) -> float:
    (nearest,) = struct.unpack("<f", struct.pack("<f", value))
    return float(nearest)


def _step(value: float, steps: int) -> float:
    """The float next to a float other than 0: the next number when its bits are read as one."""
    (bits,) = struct.unpack("<i", struct.pack("<f", value))
    (next_one,) = struct.unpack("<f", struct.pack("<i", bits + steps))
    return float(next_one)


_MIDDLE_OF_LEAST = struct.unpack("<f", struct.pack("<i", 1))[0] / 2
