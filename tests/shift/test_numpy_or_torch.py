"""The kernel's sums by PyTorch, by NumPy alone, and as on a GPU: one code, one answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from ntgate.errors import ConfigError
from ntgate.shift import mmd_test
from ntgate.shift.kernel import numpy_or_torch
from ntgate.shift.kernel.numpy_or_torch import Place

CASES = pytest.mark.parametrize(
    ("n", "settings"),
    [
        (90, {}),
        (400, {"scheme": "rows", "bandwidths": [0.5, 1.0, 3.0]}),
        (700, {}),
        (700, {"estimator": "biased", "bandwidths": [0.7, 2.0]}),
        (900, {"method": "random_features", "frequencies": 64}),
        (900, {"method": "random_features", "frequencies": 64, "bandwidths": [1.0, 3.0]}),
    ],
)


def samples(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(n, 6)), rng.normal(size=(n - 20, 6)) + 0.1
    return x.astype(np.float32), y.astype(np.float32)


def agree(found, other) -> None:
    assert found.p_value == other.p_value
    assert found.statistic == pytest.approx(other.statistic, rel=1e-3, abs=1e-6)
    assert found.effect_interval == pytest.approx(other.effect_interval, abs=1e-5)


@CASES
def test_numpy_finds_what_torch_finds(n, settings):
    x, y = samples(n)
    agree(mmd_test(x, y, device="cpu", **settings), mmd_test(x, y, device="numpy", **settings))


@CASES
def test_tensors_that_stay_where_they_are_give_the_same(n, settings, monkeypatch):
    """The way of a GPU, walked by the CPU."""
    x, y = samples(n)
    expected = mmd_test(x, y, device="cpu", **settings)
    monkeypatch.setattr(Place, "on_cpu", False)
    agree(mmd_test(torch.from_numpy(x), torch.from_numpy(y), device="cpu", **settings), expected)


@pytest.mark.parametrize(("n", "settings"), [(700, {}), (300, {"scheme": "rows"}), (4300, {"permutations": 19})])
def test_numpy_gives_the_same_whatever_the_threads(n, settings):
    x, y = samples(n)
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            results.append(mmd_test(x, y, device="numpy", **settings))
    assert results[0].p_value == results[1].p_value
    assert results[0].statistic == pytest.approx(results[1].statistic, rel=1e-9)


def test_without_torch_numpy_computes_and_a_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(numpy_or_torch.importlib.util, "find_spec", lambda name: None)
    assert Place.named("auto").name == Place.named("cpu").name == "numpy"
    with pytest.raises(ConfigError, match=r'device cuda: expected ntgate\[torch\], got no module torch; pip install "ntgate\[tor'):
        Place.named("cuda")
