"""How much a simulated session has sent or received by a moment: bursts, lulls, quiet nights.

Pure: two runs with the same seeds and times count the same bytes.
"""

import math
import random
from functools import cache
from itertools import accumulate

DAY = 86_400
BLOCK_SECONDS = 60
BLOCKS = DAY // BLOCK_SECONDS
# How much of the usual rate flows in a block, and how likely the next block is to differ.
LULL, STEADY, BURST = (0.02, 0.15), (0.3, 1.2), (2.5, 7.0)
CHANGES = 0.12
NIGHT_SHARE = 0.25


def total_bytes(seed: str, usual_rate: int, moment: float) -> int:
    """The bytes that would have passed since 1970, always on line, in seconds since then."""
    sums = _day_of(seed)
    days, second = divmod(moment, DAY)
    block, rest = divmod(second, BLOCK_SECONDS)
    before, after = sums[int(block)], sums[int(block) + 1]
    within = before + (after - before) * rest / BLOCK_SECONDS
    return int(usual_rate * (days * sums[-1] + within))


@cache
def _day_of(seed: str) -> list[float]:
    """The shares of the usual rate, in seconds of it, added up from block to block of one day."""
    chance = random.Random(seed)  # noqa: S311 - the same traffic on every start
    busy = 0.5 + chance.random()
    level, shares = STEADY, []
    for block in range(BLOCKS):
        if chance.random() < CHANGES:
            level = chance.choices((LULL, STEADY, BURST), weights=(3, 5, 1))[0]
        share = busy * chance.uniform(*level) * _time_of_day(block / BLOCKS)
        shares.append(share * BLOCK_SECONDS)
    return list(accumulate(shares, initial=0.0))


def _time_of_day(part: float) -> float:
    """From NIGHT_SHARE at 3 in the morning, UTC, to 1 at 3 in the afternoon."""
    wave = (1 - math.cos(2 * math.pi * (part - 3 / 24))) / 2
    return NIGHT_SHARE + (1 - NIGHT_SHARE) * wave
