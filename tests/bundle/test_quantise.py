import numpy as np
import pytest
from numpy.typing import NDArray

from edgezoo.bundle.quantise import QuantisedTensor, dequantise, quantise
from edgezoo.errors import InputError

Float32 = NDArray[np.float32]


@pytest.fixture(scope="module")
def table() -> Float32:
    random = np.random.default_rng(1)
    return (random.standard_normal((500, 96)) * random.lognormal(0, 1, (500, 1)) * 1e-3).astype(np.float32)


def row_cosines(a: Float32, b: Float32) -> Float32:
    cosines: Float32 = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return cosines


@pytest.mark.parametrize(("precision", "least_cosine"), [("int8", 0.9999), ("int4", 0.99)])
def test_every_row_keeps_its_direction(table: Float32, precision: str, least_cosine: float) -> None:
    restored = dequantise(quantise(table, precision))
    assert restored.shape == table.shape
    assert row_cosines(restored, table).min() > least_cosine


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_all_rows_are_scaled_by_one_power_of_two(table: Float32, precision: str) -> None:
    restored = dequantise(quantise(table, precision))
    ratio = np.linalg.norm(restored, axis=1) / np.linalg.norm(table, axis=1)
    power = 2.0 ** np.rint(np.log2(np.median(ratio)))
    assert ratio == pytest.approx(power, rel=0.02)


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_scales_are_far_from_float16_subnormals(table: Float32, precision: str) -> None:
    scale = quantise(table, precision).scale
    assert scale.dtype == np.float16
    assert 0.5 < scale.max() <= 1


@pytest.mark.parametrize(("precision", "highest"), [("int8", 127), ("int4", 7)])
def test_true_scales_are_kept_and_never_subnormal(table: Float32, precision: str, highest: int) -> None:
    tensor = quantise(table, precision, keep_scale=True)
    assert tensor.scale.min() >= np.finfo(np.float16).smallest_normal
    step = np.maximum(np.abs(table).reshape(500, tensor.scale.shape[1], -1).max(2) / highest, 2.0**-14)
    errors = np.abs(dequantise(tensor) - table).reshape(*step.shape, -1)
    assert (errors <= 3.01 * step[:, :, None]).all()  # the best scale may clip what lies far out
    assert np.square(errors).mean() < np.square(step).mean() / 9


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_where_scales_are_kept_a_matrix_may_be_too_large(precision: str) -> None:
    with pytest.raises(InputError, match="too large"):
        quantise(np.full((2, 32), 1e9), precision, keep_scale=True)
    assert np.isfinite(quantise(np.full((2, 32), 1e9), precision).scale).all()


def test_int8_has_one_scale_a_row_and_int4_one_for_32_columns(table: Float32) -> None:
    assert quantise(table, "int8").scale.shape == (500, 1)
    assert quantise(table, "int4").scale.shape == (500, 3)
    assert quantise(table, "int4").values.shape == (500, 48)


@pytest.mark.parametrize(("precision", "highest"), [("int8", 127), ("int4", 7)])
def test_the_searched_scale_beats_the_largest_value_rule(
    table: Float32, precision: str, highest: int
) -> None:
    tensor = quantise(table, precision)
    groups = table.reshape(500, tensor.scale.shape[1], -1)
    step = np.abs(groups).max(axis=2, keepdims=True) / highest
    plain = (np.rint(groups / step) * step).reshape(table.shape)
    power = 2.0 ** np.rint(np.log2(np.abs(dequantise(tensor)).max() / np.abs(table).max()))
    assert np.square(dequantise(tensor) / power - table).sum() < np.square(plain - table).sum()


def test_int4_packs_column_j_low_and_column_j_plus_16_high() -> None:
    integers = np.arange(32) % 15 - 7
    tensor = quantise(integers[None].astype(np.float32), "int4")
    assert (tensor.values[0] & 15).tolist() == (integers[:16] + 8).tolist()
    assert (tensor.values[0] >> 4).tolist() == (integers[16:] + 8).tolist()


def test_int4_unpacks_all_sixteen_values() -> None:
    packed = np.arange(16, dtype=np.uint8)[None] * 16 + 15 - np.arange(16, dtype=np.uint8)
    tensor = QuantisedTensor("int4", packed, np.ones((1, 1), dtype=np.float16))
    assert dequantise(tensor)[0].tolist() == [*range(7, -9, -1), *range(-8, 8)]


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_zeros_stay_zeros(precision: str) -> None:
    table = np.zeros((3, 32), dtype=np.float32)
    assert not dequantise(quantise(table, precision)).any()
    table[1] = 5
    assert dequantise(quantise(table, precision)).any(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("table", "precision", "complaint"),
    [
        (np.zeros((2, 32)), "int2", "int2"),
        (np.zeros(32), "int8", "matrix"),
        (np.full((2, 32), np.nan), "int8", "finite"),
        (np.zeros((2, 40)), "int4", "multiple of 32"),
    ],
)
def test_what_cannot_be_quantised_is_refused(
    table: NDArray[np.float64], precision: str, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        quantise(table, precision)
