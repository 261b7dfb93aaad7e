"""int8 and int4 with one scale a row or group: the scale is searched for the least squared error."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle.layout import INT4_GROUP
from edgezoo.errors import InputError

Float32 = NDArray[np.float32]

_LEAST_NORMAL = np.finfo(np.float16).smallest_normal
_LARGEST = np.finfo(np.float16).max
_CHUNK = 1 << 16  # groups searched at a time: bounds the memory of the search


@dataclass(frozen=True)
class QuantisedTensor:
    """A matrix as it lies in a bundle.

    `values`: int8 [rows, columns], or for int4 uint8 [rows, columns / 2], two values a byte;
    `scale`: float16 [rows, groups]; value = scale * integer.
    """

    dtype: Literal["int8", "int4"]
    values: NDArray[Any]
    scale: NDArray[np.float16]

    @property
    def shape(self) -> tuple[int, int]:
        """[rows, columns] of the matrix that it stands for."""
        rows, stored = self.values.shape
        return rows, stored * 2 if self.dtype == "int4" else stored


def quantise(
    matrix: NDArray[np.floating[Any]], precision: str, *, keep_scale: bool = False, largest: int = 127
) -> QuantisedTensor:
    """`matrix` [rows, columns] as int8 with one scale a row, or as int4 with one scale a group of 32 columns.

    All scales are multiplied by one common power of two, which brings the largest of them into [0.5, 1]
    and so keeps float16 from its subnormals. `dequantise` therefore returns the matrix times that power:
    harmless where vectors are compared by cosine or L2-normalised. With `keep_scale` it returns the matrix
    itself, and no scale is less than float16's least normal number. int8 uses [-largest, largest], int4
    [-8, 7] unless `largest` is 7.
    Raises InputError for another precision, a matrix that is not two-dimensional and finite or, with
    `keep_scale`, too large for float16 scales, and for int4 a number of columns that is not a multiple of 32.
    """
    if matrix.ndim != 2 or matrix.size == 0 or not np.isfinite(matrix).all():
        raise InputError(
            f"a table to quantise must be a finite, non-empty [rows, columns] matrix, not {matrix.shape}"
        )
    values = np.asarray(matrix, dtype=np.float32)
    if precision == "int8":
        integers, scale = _search(values, -largest, largest, np.linspace(0.96, 1.0, 5), keep_scale)
        return QuantisedTensor("int8", integers, scale[:, None])
    if precision == "int4":
        rows, columns = values.shape
        if columns % INT4_GROUP:
            raise InputError(
                f"int4 needs a number of columns that is a multiple of {INT4_GROUP}, not {columns}"
            )
        groups = values.reshape(-1, INT4_GROUP)
        integers, scale = _search(groups, max(-8, -largest), 7, np.linspace(0.6, 1.1, 26), keep_scale)
        return QuantisedTensor("int4", _pack(integers).reshape(rows, columns // 2), scale.reshape(rows, -1))
    raise InputError(f"precision {precision!r} is unknown; choose 'int8' or 'int4'")


def dequantise(tensor: QuantisedTensor) -> Float32:
    """The float32 [rows, columns] matrix that the integers and scales stand for."""
    rows, columns = tensor.shape
    groups = integers(tensor).reshape(rows, tensor.scale.shape[1], -1).astype(np.float32)
    restored: Float32 = groups * tensor.scale.astype(np.float32)[:, :, None]
    return restored.reshape(rows, columns)


def integers(tensor: QuantisedTensor) -> NDArray[np.int8]:
    """The integers of a matrix, int8 [rows, columns], one a byte."""
    values: NDArray[np.int8] = _unpack(tensor.values) if tensor.dtype == "int4" else tensor.values
    return values.reshape(tensor.shape)


def _search(
    groups: Float32, lowest: int, highest: int, factors: NDArray[np.float64], keep_scale: bool
) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Integers [groups, width] and float16 scales [groups] of the least squared error among the candidates.

    A candidate scale is `factor * max |x| / highest`; the best is then replaced by its least-squares scale
    for the integers found (one step of Lloyd's algorithm), where that is better.
    """
    largest = np.abs(groups).max(axis=1) / np.float32(highest)
    exponent = -np.ceil(np.log2(largest.max())) if largest.any() and not keep_scale else 0.0
    common = np.float32(2.0**exponent)
    least = _LEAST_NORMAL if keep_scale else np.float16(0)
    if 1.1 * largest.max() * common > _LARGEST:
        raise InputError(
            f"a matrix with an entry of {np.abs(groups).max():g} is too large for float16 scales"
        )
    integers = np.empty(groups.shape, dtype=np.int8)
    scales = np.empty(len(groups), dtype=np.float16)
    for part in _chunks(len(groups)):
        chosen = _Choice(groups[part] * common, lowest, highest, least)
        for factor in factors:
            chosen.offer(largest[part] * common * np.float32(factor))
        chosen.offer(chosen.least_squares_scale())
        integers[part], scales[part] = chosen.integers, chosen.scale
    return integers, scales


class _Choice:
    """The best scale seen so far for each group of a chunk."""

    def __init__(self, groups: Float32, lowest: int, highest: int, least: np.float16) -> None:
        self.groups, self.lowest, self.highest, self.least = groups, lowest, highest, least
        self.error = np.full(len(groups), np.inf, dtype=np.float32)
        self.scale = np.ones(len(groups), dtype=np.float16)
        self.integers = np.zeros(groups.shape, dtype=np.int8)

    def offer(self, candidate: Float32) -> None:
        scale = np.maximum(candidate.astype(np.float16), self.least)
        scale[scale == 0] = 1  # a group of zeros: any scale does
        step = scale.astype(np.float32)[:, None]
        integers = np.clip(np.rint(self.groups / step), self.lowest, self.highest)
        error = np.square(self.groups - integers * step).sum(axis=1)
        better = error < self.error
        self.error[better] = error[better]
        self.scale[better] = scale[better]
        self.integers[better] = integers[better].astype(np.int8)

    def least_squares_scale(self) -> Float32:
        integers = self.integers.astype(np.float32)
        along = (self.groups * integers).sum(axis=1)
        scale: Float32 = along / np.maximum(np.square(integers).sum(axis=1), np.float32(1))
        return scale


def _chunks(count: int) -> Iterator[slice]:
    for start in range(0, count, _CHUNK):
        yield slice(start, start + _CHUNK)


def _pack(integers: NDArray[np.int8]) -> NDArray[np.uint8]:
    """[groups, 32] in [-8, 7] -> [groups, 16]: byte j holds value j (low) and value j + 16 (high)."""
    shifted: NDArray[np.uint8] = (integers + 8).astype(np.uint8)
    half = INT4_GROUP // 2
    packed: NDArray[np.uint8] = shifted[:, :half] | shifted[:, half:] << np.uint8(4)
    return packed


def _unpack(packed: NDArray[np.uint8]) -> NDArray[np.int8]:
    pairs = packed.reshape(-1, INT4_GROUP // 2)
    integers: NDArray[np.int8] = np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.int8)
    integers -= 8
    return integers
