"""The draw of a token from logits, by SPECIFICATION.md ("Drawing text"), as the engine computes it in C.

Every step is a float32 operation of NumPy in the engine's order: the same logits give the same token.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgezoo.runtimes.language import END, SPLIT_MIX_STEP, Sampling, first_random

Float32 = NDArray[np.float32]

_LOG2_E, _ROUND = (np.float32(float.fromhex(x)) for x in ("0x1.715476p+0", "0x1.8p+23"))
_LIMIT = np.float32(58)
_POLYNOMIAL = [  # of 2^f for f in [-1/2, 1/2], the highest power first
    np.float32(float.fromhex(x))
    for x in ("0x1.3a02ccp-7", "0x1.c9fc46p-5", "0x1.ec0378p-3", "0x1.62e12cp-1", "0x1p0")
]
_EXPONENT = np.uint32(23)


def draw(logits: Float32, sampling: Sampling) -> int:
    """The token that follows, by float32 [tokens]; moves `sampling.random` on unless the temperature is 0."""
    first = END if sampling.stop else END + 1
    values = logits[first:]
    if not sampling.temperature > 0:
        return first + int(values.argmax())
    weights = exp2((values - values.max()) * (_LOG2_E / np.float32(sampling.temperature)))
    share = _next_share(sampling)
    top_p = float(np.float32(sampling.top_p))  # as the engine gets it
    if top_p >= 1 and not sampling.top_k:
        return first + _place(weights, share)
    order = np.argsort(-weights, kind="stable")[: sampling.top_k or None]
    kept = weights[order]
    if top_p < 1:
        kept = kept[: _place(kept, top_p) + 1]
    return first + int(order[_place(kept, share)])


def exp2(y: Float32) -> Float32:
    """The engine's 2^y of each entry, |y| held at 58: within 4e-6 of it."""
    held = np.minimum(np.maximum(y, -_LIMIT), _LIMIT)
    rounded = held + _ROUND
    f = held - (rounded - _ROUND)
    power = _POLYNOMIAL[0] * f
    for coefficient in _POLYNOMIAL[1:-1]:
        power = (power + coefficient) * f
    power = power + _POLYNOMIAL[-1]
    # The whole part of y stands in the lowest bits of `rounded`; shifted, it is what the exponent lacks.
    bits: NDArray[np.uint32] = power.view(np.uint32) + (rounded.view(np.uint32) << _EXPONENT)
    return bits.view(np.float32)


def _next_share(sampling: Sampling) -> float:
    """The next multiple of 2^-24 in [0, 1)."""
    number = first_random(sampling.random, 0)
    sampling.random = (sampling.random + SPLIT_MIX_STEP) & (1 << 64) - 1
    return (number >> 40) * 2.0**-24


def _place(weights: Float32, share: float) -> int:
    """The first place where the sum of the weights up to it is more than `share` of the sum of all."""
    sums = np.add.accumulate(weights)  # one after the other, in float32
    above = sums > np.float32(share) * sums[-1]
    return int(above.argmax()) if above[-1] else len(weights) - 1
