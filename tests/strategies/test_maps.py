"""The maps between domains, against skada, scipy and their own definitions in another form."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.linalg import eig, sqrtm
from scipy.optimize import linprog
from scipy.spatial.distance import cdist

from ntgate.errors import ConfigError
from ntgate.strategies.maps.aligned import Aligned
from ntgate.strategies.maps.coral import coral
from ntgate.strategies.maps.subspace import subspace_alignment
from ntgate.strategies.maps.transfer_components import transfer_components
from ntgate.strategies.maps.transport import optimal_transport


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 4))
    return source, rng.normal(size=(40, 4)) @ rng.normal(size=(4, 4)) + 1


def test_coral_gives_the_source_the_covariance_and_mean_of_the_target(rows):
    source, target = rows
    moved = coral(source, target, ridge=0.0).source
    assert np.cov(moved, rowvar=False) == pytest.approx(np.cov(target, rowvar=False))
    assert moved.mean(axis=0) == pytest.approx(target.mean(axis=0))


def test_coral_is_the_formula_of_the_paper(rows):
    source, target = (part - part.mean(axis=0) for part in rows)
    of_source, of_target = (np.cov(part, rowvar=False) + np.eye(4) for part in (source, target))
    expected = source @ np.linalg.inv(sqrtm(of_source).real) @ sqrtm(of_target).real
    assert coral(source, target).source == pytest.approx(expected)


def test_coral_takes_fewer_rows_than_features(rows):
    source, target = rows
    assert np.isfinite(coral(source[:3], target[:2], ridge=0.0).source).all()


def test_coral_agrees_with_skada(skada):
    """Up to a factor: skada divides covariances by the number of rows, the paper's code by one less."""
    n, m = len(skada["source"]), len(skada["target"])
    factor = ((n - 1) / n * m / (m - 1)) ** -0.5
    assert coral(skada["source"], skada["target"], ridge=0.0).source == pytest.approx(skada["coral"] / factor, abs=1e-6)


def test_subspace_alignment_agrees_with_skada_up_to_signs(skada):
    aligned = subspace_alignment(skada["source"], skada["target"], dimension=2)
    found = np.concatenate([aligned.source, aligned.target(skada["target"])])
    reference = skada["subspace"]
    signs = np.sign((found * reference).sum(axis=0))
    assert found == pytest.approx(reference * signs, abs=1e-6)


def test_subspace_alignment_of_a_rotated_target_is_the_rotation():
    """In two dimensions with distinct variances the aligned source is the target itself."""
    rng = np.random.default_rng(1)
    source = rng.normal(size=(300, 2)) * [3.0, 0.5]
    turn = np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])
    aligned = subspace_alignment(source, source @ turn, dimension=2)
    assert aligned.source @ aligned.matrix.T == pytest.approx(source - source.mean(axis=0))
    assert (source - source.mean(axis=0)) @ turn @ aligned.matrix == pytest.approx(aligned.target(source @ turn))


def test_transfer_components_solve_the_kernel_form(rows):
    """Equation 14 with the kernel matrix ``X X'`` and the norm of the axes, by a general eigensolver, up to scale."""
    source, target = rows
    pooled = np.concatenate([source, target])
    n, m = len(source), len(target)
    membership = np.repeat([1 / n, -1 / m], [n, m])
    spread = np.outer(membership, membership)
    spread /= np.linalg.norm(spread)
    centring = np.eye(n + m) - 1 / (n + m)
    kernel = pooled @ pooled.T
    basis = np.linalg.svd(kernel)[0][:, :4]  # the range of the kernel, outside of which axes are undetermined
    left = basis.T @ (kernel @ centring @ kernel) @ basis
    right = basis.T @ (kernel @ spread @ kernel + 0.7 * kernel) @ basis
    values, vectors = eig(left, right)
    vectors = basis @ vectors[:, np.argsort(-values.real)[:2]].real
    expected = kernel @ vectors
    found = transfer_components(source, target, dimension=2, penalty=0.7)
    both = np.concatenate([found.source, found.target(target)])
    for axis in range(2):
        a, b = both[:, axis], expected[:, axis]
        assert abs(a @ b) == pytest.approx(np.linalg.norm(a) * np.linalg.norm(b), rel=1e-6)


def test_transfer_components_leave_out_the_direction_of_the_shift():
    rng = np.random.default_rng(2)
    source = rng.normal(size=(200, 3)) * [1.0, 1.0, 3.0]
    target = rng.normal(size=(200, 3)) * [1.0, 1.0, 3.0] + [0, 0, 8.0]
    found = transfer_components(source, target, dimension=2, penalty=1.0)
    gap = found.source.mean(axis=0) - found.target(target).mean(axis=0)
    kept = np.concatenate([found.source, found.target(target)]).std(axis=0)
    assert np.abs(gap / kept).max() < 0.25  # 3.5 along the axis that moved


def test_the_exact_plan_is_the_linear_program_of_scipy(rows):
    pytest.importorskip("ot")
    source, target = rows[0][:12], rows[1][:9]
    n, m = len(source), len(target)
    masses = np.concatenate([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    cost = cdist(source, target, "sqeuclidean")
    solved = linprog(cost.ravel(), A_eq=masses, b_eq=np.repeat([1 / n, 1 / m], [n, m]))
    expected = n * solved.x.reshape(n, m) @ target
    assert optimal_transport(source, target).source == pytest.approx(expected, abs=1e-6)


def test_the_entropic_plan_solves_its_fixed_point(rows):
    """Sinkhorn's scaling in plain float64, run to the end."""
    pytest.importorskip("ot")
    source, target = rows
    cost = cdist(source, target, "sqeuclidean")
    gibbs = np.exp(-cost / cost.mean() / 0.5)
    u, v = np.ones(len(source)), np.ones(len(target))
    for _ in range(5000):
        u = (1 / len(source)) / (gibbs @ v)
        v = (1 / len(target)) / (gibbs.T @ u)
    plan = u[:, None] * gibbs * v
    expected = plan @ target / plan.sum(axis=1, keepdims=True)
    assert optimal_transport(source, target, entropy=0.5).source == pytest.approx(expected, abs=1e-4)


def test_transport_agrees_with_skada(skada):
    assert optimal_transport(skada["source"], skada["target"]).source == pytest.approx(skada["transport"], abs=1e-6)


def test_without_pot_transport_says_what_to_install(rows, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r'expected ntgate\[transport\], got no module ot; pip install "ntgate\[transport\]"'):
        optimal_transport(*rows)


def test_importing_pot_changes_no_global_state():
    pytest.importorskip("ot")
    code = (
        "import logging, warnings\n"
        "import numpy as np, sklearn, torch\n"
        "state = lambda: (sklearn.get_config(), np.geterr(), torch.get_default_dtype(), torch.get_num_threads(),\n"
        "                 torch.initial_seed(), logging.root.level, list(warnings.filters),\n"
        "                 np.random.get_state()[1].tolist())\n"
        "before = state()\n"
        "import ot\n"
        "assert state() == before\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_folded_head_scores_raw_target_rows_as_the_head_scores_aligned_ones():
    rng = np.random.default_rng(3)
    aligned = Aligned(rng.normal(size=(5, 2)), rng.normal(size=(4, 2)), rng.normal(size=2))
    weight, bias, rows = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=(7, 4))
    folded, moved = aligned.folded(weight, bias)
    assert rows @ folded.T + moved == pytest.approx(aligned.target(rows) @ weight.T + bias)
