"""The simulated night against what queues are known to do."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

_FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "fleet.py"


@pytest.fixture(scope="module")
def fleet():
    import sys

    spec = importlib.util.spec_from_file_location("fleet", _FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fleet"] = module  # where its dataclasses look themselves up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["fleet"]


@pytest.mark.parametrize(("runs", "workers"), [(1, 1), (7, 2), (100, 8)])
def test_runs_that_share_nothing_end_in_rounds(fleet, runs, workers):
    night = fleet.simulate([(0.0, [fleet.Hold(3600.0)])] * runs, {"worker": workers})
    assert night.hours == pytest.approx(-(-runs // workers))
    assert night.busy["worker"] == pytest.approx(runs / (workers * night.hours))


def test_one_writer_ends_when_all_have_written(fleet):
    runs = [(0.0, [fleet.Hold(10.0), fleet.Hold(36.0, "database")])] * 100
    night = fleet.simulate(runs, {"worker": 100})
    assert 3600 * night.hours == pytest.approx(10 + 100 * 36)
    assert night.waits["database"] == pytest.approx([36.0 * i for i in range(100)])
    assert night.late("database", 60) == 98


def test_locks_of_different_models_do_not_wait_for_each_other(fleet):
    runs = [(0.0, [fleet.Hold(5.0, f"lock {i}")]) for i in range(20)]
    assert 3600 * fleet.simulate(runs, {"worker": 20}).hours == pytest.approx(5)


def test_waits_are_those_of_a_queue_with_random_arrivals(fleet):
    # Pollaczek and Khinchine for constant service: the mean wait is rho s / (2 (1 - rho)).
    rng, service, rho = np.random.default_rng(0), 1.0, 0.7
    arrivals = np.cumsum(rng.exponential(service / rho, 60_000))
    night = fleet.simulate([(float(at), [fleet.Hold(service)]) for at in arrivals], {"worker": 1})
    assert np.mean(night.waits["worker"]) == pytest.approx(rho * service / (2 * (1 - rho)), rel=0.05)
    assert night.busy["worker"] == pytest.approx(rho, rel=0.02)
