"""Rows from wherever they lie give the same result, and rows that change under the test are refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from ntgate.errors import DataError
from ntgate.shift import mmd_test
from ntgate.shift.kernel import kernel_sums, mmd
from ntgate.shift.kernel.rows import of_tensor
from ntgate.shift.kernel.units import Dealer


@pytest.fixture(scope="module")
def samples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3000, 6)), rng.normal(size=(2500, 6)) + 0.03
    return x.astype(np.float32), y.astype(np.float32)


def parquet(rows, path):
    pq.write_table(pa.table({f"x{i}": column for i, column in enumerate(rows.T)}), path, row_group_size=700)
    return path


def memory_map(rows, path):
    mapped = np.memmap(path, dtype=rows.dtype, mode="w+", shape=rows.shape)
    mapped[:] = rows
    mapped.flush()
    return mapped


def chunks_again(rows):
    """Chunks that can be read many times, as a data loader's."""
    return [rows[start : start + 411] for start in range(0, len(rows), 411)]


@pytest.mark.parametrize("method", ["exact", "random_features"])
@pytest.mark.parametrize("form", ["tensor", "frame", "parquet", "memory map", "chunks", "generator"])
def test_every_form_gives_the_result_of_the_array(samples, method, form, tmp_path):
    import pandas as pd

    make = {
        "tensor": torch.from_numpy,
        "frame": pd.DataFrame,
        "parquet": lambda rows: parquet(rows, tmp_path / f"{len(rows)}.parquet"),
        "memory map": lambda rows: memory_map(rows, tmp_path / f"{len(rows)}.bin"),
        "chunks": chunks_again,
        "generator": lambda rows: (chunk for chunk in chunks_again(rows)),
    }[form]
    x, y = samples
    same = mmd_test(x, y, method=method, permutations=99)
    found = mmd_test(make(x), make(y), method=method, permutations=99)
    assert found.model_dump(exclude={"seconds"}) == same.model_dump(exclude={"seconds"})
    assert found.method == method


@pytest.mark.parametrize("method", ["exact", "random_features"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_tensors_that_stay_on_their_device_give_the_result_of_the_array(samples, method, dtype, monkeypatch):
    """The road of tensors on a GPU, taken by tensors on the CPU: the code is the same."""
    x, y = (torch.from_numpy(rows).to(dtype) for rows in samples)
    same = mmd_test(x, y, method=method, permutations=99)
    monkeypatch.setattr(mmd, "open_rows", lambda value, name, keep: of_tensor(value, name))
    found = mmd_test(x, y, method=method, permutations=99)
    assert found.p_value == same.p_value
    assert found.bandwidths == pytest.approx(same.bandwidths, rel=1e-3)
    assert found.statistic == pytest.approx(same.statistic, rel=2e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (torch.full((40, 3), torch.nan), "NaN or infinity in 40 rows"),
        (torch.zeros(40), "shape"),
        (torch.zeros(40, 3, dtype=torch.complex64), "complex"),
    ],
)
def test_tensors_on_a_device_are_checked(value, part):
    with pytest.raises(DataError, match=part):
        next(of_tensor(value, "x").blocks(100))


@pytest.mark.parametrize("scheme", ["rows", "bins"])
def test_blocks_do_not_change_the_result(samples, scheme, monkeypatch):
    x, y = (rows[:900] for rows in samples)
    usual = mmd_test(x, y, scheme=scheme, permutations=199)
    monkeypatch.setattr(kernel_sums, "BLOCK_OF_SMALL", (100, 333))
    other = mmd_test(x, y, scheme=scheme, permutations=199)
    assert other.p_value == usual.p_value
    # Sums of float32 products taken in another order: a hundred-millionth of a kernel value.
    assert other.statistic == pytest.approx(usual.statistic, rel=1e-5, abs=1e-7)


def test_random_features_come_close_to_the_kernel(samples):
    x, y = samples[0], samples[1] + 0.3
    exact = mmd_test(x, y, method="exact")
    near = mmd_test(x, y, method="random_features", frequencies=4096)
    assert near.statistic == pytest.approx(exact.statistic, rel=0.1)
    assert near.p_value == exact.p_value == 1 / 501
    assert near.effect_size == pytest.approx(exact.effect_size, rel=0.1)


def test_a_large_sample_is_worked_on_block_by_block_with_the_same_result(samples, monkeypatch):
    x, y = samples
    usual = mmd_test(x, y, permutations=199)
    monkeypatch.setattr(kernel_sums, "SMALL", 0)
    other = mmd_test(x, y, permutations=199)
    assert other.p_value == usual.p_value
    assert other.statistic == pytest.approx(usual.statistic, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("method", ["exact", "random_features"])
def test_sorted_rows_are_no_change(method):
    """Bins that were dealt out in turn would hold equal shares of every value: the test would reject always."""
    rng = np.random.default_rng(5)
    p_values = []
    for seed in range(150):
        x, y = (np.sort(rng.normal(size=(n, 1)), axis=0) for n in (900, 700))
        p_values.append(mmd_test(x, y, method=method, scheme="bins", permutations=99, frequencies=32, seed=seed).p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 150)


def test_dealing_in_blocks_is_a_uniform_choice():
    """Of 6 rows that come in blocks of 4 and 2, dealt to 2 bins of 2: each pair of rows is equally often together."""
    together = np.zeros((6, 6))
    runs = 6000
    for seed in range(runs):
        dealer = Dealer(6, 2, 2, np.random.default_rng(seed))
        bins = np.full(6, -1)
        for start, length in ((0, 4), (4, 2)):
            positions, own = dealer.deal(length).places()
            bins[start + positions] = own
        assert [np.sum(bins == one) for one in (0, 1)] == [2, 2]
        together += (bins[:, None] == bins) & (bins >= 0)
    pairs = together[np.triu_indices(6, 1)]
    expected = runs * 2 / 15  # two of the fifteen pairs are together each time
    assert ((pairs - expected) ** 2 / (expected * 13 / 15)).sum() < 40  # chi-squared, 14 degrees: 0.0003


def test_very_unequal_sizes_thin_the_larger_sample():
    rng = np.random.default_rng(1)
    few = rng.normal(size=(12, 2))
    many = rng.normal(size=(30_000, 2))
    assert mmd_test(few, many, method="random_features").p_value > 0.01
    assert mmd_test(few + 3, many, method="exact").p_value <= 0.01


def test_outliers_and_units_do_not_hide_a_change():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) + 1
    x[0, 0] = 1e6
    x, y = x * 1e-9 + 1, y * 1e-9 + 1
    assert mmd_test(x, y).p_value <= 0.01


def test_a_map_whose_file_shrinks_is_refused(samples, tmp_path):
    mapped = memory_map(samples[0], tmp_path / "x.bin")
    with (tmp_path / "x.bin").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(DataError, match=r"^x: expected a file of 72000 bytes behind the memory map"):
        mmd_test(mapped, samples[1])


def test_chunks_that_end_early_are_refused(samples):
    class Shrinking:
        def __init__(self):
            self.left = 5

        def __iter__(self):
            self.left -= 1
            return iter(chunks_again(samples[0])[: self.left])

    with pytest.raises(DataError, match="rows as at first"):
        mmd_test(Shrinking(), samples[1])


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"bins": 101}, "bins: expected from 16 to 100"),
        ({"bins": 15}, "bins: expected from 16 to 100"),
        ({"scheme": "rows", "bins": 20}, "scheme: expected bins"),
        ({"scheme": "rows", "method": "random_features"}, "scheme: expected bins"),
        ({"method": "guess"}, "method: expected auto or exact or random_features"),
        ({"bandwidths": [float("nan")]}, "bandwidths: expected positive"),
        ({"frequencies": 0}, "frequencies: expected at least 1"),
    ],
)
def test_options_that_make_no_sense_are_named(options, part):
    rng = np.random.default_rng(3)
    with pytest.raises(DataError) as caught:
        mmd_test(rng.normal(size=(50, 2)), rng.normal(size=(50, 2)), **options)
    assert part in str(caught.value)


def test_a_missing_file_and_text_columns_are_named(tmp_path):
    rng = np.random.default_rng(4)
    with pytest.raises(DataError, match="a parquet file or folder"):
        mmd_test(tmp_path / "none.parquet", rng.normal(size=(50, 2)))
    pq.write_table(pa.table({"word": ["a", "b"]}), tmp_path / "words.parquet")
    with pytest.raises(DataError, match="column 'word' of type string"):
        mmd_test(tmp_path / "words.parquet", rng.normal(size=(50, 1)))
