"""The losses of moment matching, against brute force in numpy and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ntgate.training.adaptation import Seen
from ntgate.training.moment_pulls import Covariances, MeanEmbeddings
from ntgate.training.moments import WIDTHS, coral_distance, multi_kernel_mmd2
from tests.shift.article import unbiased_mmd2
from tests.training.differences import numeric_gradient


def samples(n: int = 9, m: int = 7, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)), rng.normal(0.7, 1.5, size=(m, d))


def mean_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Mean squared distance of two different rows of both samples."""
    rows = np.vstack([x, y])
    return float(np.mean([((a - b) ** 2).sum() for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j]))


def brute_mmd2(x: np.ndarray, y: np.ndarray, scale: float) -> float:
    """The mean over the kernels of the measure that the shift report's tests rest on."""
    return float(np.mean([unbiased_mmd2(x, y, width=(width * scale / 2) ** 0.5) for width in WIDTHS]))


def brute_coral(x: np.ndarray, y: np.ndarray) -> float:
    difference = np.cov(x, rowvar=False) - np.cov(y, rowvar=False)
    return float((difference**2).sum() / (4 * x.shape[1] ** 2))


def test_the_mmd_is_the_mean_of_the_unbiased_estimates():
    x, y = samples()
    found = float(multi_kernel_mmd2(torch.from_numpy(x), torch.from_numpy(y)))
    assert found == pytest.approx(brute_mmd2(x, y, mean_distance(x, y)), abs=1e-12)


def test_the_mmd_is_unbiased():
    """Over many pairs of samples of one distribution the mean is zero, within four standard errors."""
    generator = torch.Generator().manual_seed(0)
    found = torch.stack([multi_kernel_mmd2(*torch.randn(2, 16, 4, generator=generator).unbind()) for _ in range(400)])
    assert abs(float(found.mean())) < 4 * float(found.std()) / 20
    assert float((found < 0).float().mean()) > 0.3  # a biased estimate is never negative


def test_a_common_offset_changes_nothing():
    x, y = (torch.from_numpy(rows).float() for rows in samples())
    assert float(multi_kernel_mmd2(x + 1000, y + 1000)) == pytest.approx(float(multi_kernel_mmd2(x, y)), abs=1e-3)


def test_the_gradient_of_the_mmd_holds_the_scale_constant():
    x, y = samples(5, 4, 2)
    scale = mean_distance(x, y)
    rows = torch.from_numpy(x).requires_grad_()
    multi_kernel_mmd2(rows, torch.from_numpy(y)).backward()
    expected = numeric_gradient(lambda moved: brute_mmd2(moved, y, scale), x)
    assert rows.grad.numpy() == pytest.approx(expected, abs=1e-8)


def test_equal_rows_have_a_finite_gradient():
    rows = torch.ones(4, 3, requires_grad=True)
    multi_kernel_mmd2(rows, torch.ones(5, 3)).backward()
    assert torch.isfinite(rows.grad).all()


def test_coral_is_the_distance_of_the_covariances_and_so_is_its_gradient():
    x, y = samples()
    rows = torch.from_numpy(x).requires_grad_()
    found = coral_distance(rows, torch.from_numpy(y))
    found.backward()
    assert float(found.detach()) == pytest.approx(brute_coral(x, y), abs=1e-12)
    assert rows.grad.numpy() == pytest.approx(numeric_gradient(lambda moved: brute_coral(moved, y), x), abs=1e-8)


@pytest.mark.parametrize("distance", [multi_kernel_mmd2, coral_distance])
def test_one_row_is_no_evidence(distance):
    rows = torch.ones(1, 3, requires_grad=True)
    found = distance(rows, torch.zeros(8, 3))
    found.backward()
    assert float(found.detach()) == 0
    assert torch.equal(rows.grad, torch.zeros(1, 3))


def test_mixed_precision_does_not_round_the_difference_away():
    x, y = (torch.from_numpy(rows).float() for rows in samples())
    with torch.autocast("cpu", torch.bfloat16):
        rounded = float(multi_kernel_mmd2(x, y)), float(coral_distance(x, y))
    assert rounded == (float(multi_kernel_mmd2(x, y)), float(coral_distance(x, y)))


def test_the_pulls_sum_over_their_layers():
    x, y = (torch.from_numpy(rows) for rows in samples())
    source, target = Seen(x, x, 2 * x[:, :2]), Seen(y, y, 2 * y[:, :2])
    both = multi_kernel_mmd2(x, y) + multi_kernel_mmd2(2 * x[:, :2], 2 * y[:, :2])
    assert float(MeanEmbeddings()(source, target, 0.5)) == pytest.approx(0.5 * float(both))
    assert float(Covariances(("logits",))(source, target, 2.0)) == pytest.approx(
        2 * float(coral_distance(2 * x[:, :2], 2 * y[:, :2]))
    )
