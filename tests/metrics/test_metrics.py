"""The metrics that are means over rows, against scikit-learn, and through the gate."""

from __future__ import annotations

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from sklearn import metrics as sk

from ntgate.errors import DataError
from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from ntgate.gate.decision import GateDecision
from ntgate.metrics import METRICS
from ntgate.metrics.brier import Brier
from ntgate.metrics.expected_cost import ExpectedCost
from ntgate.metrics.log_loss import LogLoss
from ntgate.metrics.tested import Level, Pair
from tests.gate.fresh import fresh

COSTS = ((0.0, 1.0), (5.0, 0.0))


def probabilities(rng, y, skill, classes=2):
    """Calibrated-looking probabilities whose logits favour the truth by ``skill``."""
    logits = rng.normal(size=(len(y), classes)) + skill * np.eye(classes)[y]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def arms(n=1500, seed=0, skills=(2.5, 1.5), classes=2):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    return y, *(probabilities(rng, y, skill, classes) for skill in skills)


@pytest.mark.parametrize("classes", [2, 4])
def test_they_measure_what_scikit_learn_does(classes):
    y, p, _ = arms(classes=classes)
    clipped = np.maximum(p[np.arange(len(y)), y], 0.01)
    assert LogLoss(clip=1e-6).value(y, p) == pytest.approx(sk.log_loss(y, p))
    assert LogLoss().value(y, p) == pytest.approx(-np.log(clipped).mean())
    one_hot = np.eye(classes)[y]
    assert Brier().value(y, p) == pytest.approx(np.square(p - one_hot).sum(axis=1).mean() / 2)
    if classes == 2:
        assert Brier().value(y, p) == pytest.approx(sk.brier_score_loss(y, p[:, 1]))
    costs = np.random.default_rng(1).random((classes, classes))
    table = sk.confusion_matrix(y, p.argmax(axis=1))
    assert ExpectedCost(costs=tuple(map(tuple, costs))).value(y, p) == pytest.approx((table * costs).sum() / len(y))


def test_the_least_expected_cost_decides_where_it_is_asked_to():
    y, p, _ = arms()
    decided = ExpectedCost(costs=COSTS, answer="least_cost").value(y, p)
    by_hand = np.array(COSTS)[y, (p[:, 1] * 5 > p[:, 0]).astype(int)].mean()
    assert decided == pytest.approx(by_hand)
    assert decided < ExpectedCost(costs=COSTS).value(y, p)


@pytest.mark.parametrize("metric", ["log_loss", "brier", {"kind": "expected_cost", "costs": COSTS}])
def test_the_gate_promotes_the_better_and_rejects_the_worse(metric):
    y, good, poor = arms()
    config = GateConfig(metric=metric, seeds=1)
    constant = config.metric.constant(np.array([0.5, 0.5]))
    facts = {"constant": np.tile(constant, (len(y), 1)), "champion": poor, "champion_version": "1"}
    better = decide(fresh(y, good, poor, **facts), config)
    assert better.outcome == "promoted", better.sentence
    assert 0 < better.gain_interval[0] < better.gain < better.gain_interval[1]
    assert better.candidate < better.scratch  # a loss: less is better, and the gain is positive all the same
    unit = better.metric.unit
    assert f"by {better.gain:.3f} {unit}".rstrip() in better.sentence
    worse = decide(fresh(y, poor, good, **facts | {"champion": good}), config)
    assert worse.outcome == "rejected"
    assert worse.sentence.startswith(f"Negative transfer: the candidate is {-worse.gain:.3f}")
    assert GateDecision.model_validate_json(better.model_dump_json()) == better


def test_a_baseline_that_learnt_nothing_is_told_of_in_the_metric_s_own_direction():
    y, good, _ = arms()
    nothing = np.full((len(y), 2), [0.3, 0.7])
    decision = decide(fresh(y, good, nothing, constant=np.full((len(y), 2), 0.5)), GateConfig(metric="log_loss", seeds=1))
    assert "Training from scratch is not above always giving the classes' shares: a log loss of 0.7" in decision.sentence


@pytest.mark.parametrize("metric", ["log_loss", "brier"])
def test_logits_are_no_evidence(metric):
    """A champion from elsewhere may score in logits: its loss would be that of nonsense, and everything would be as good."""
    y, good, poor = arms()
    decision = decide(
        fresh(y, good, poor, champion=np.log(poor), champion_version="1", constant=np.full((len(y), 2), 0.5)),
        GateConfig(metric=metric, seeds=1),
    )
    assert decision.outcome == "inconclusive"
    assert "1500 rows have no" in next(f.reason for f in decision.findings if f.rule == "champion")


def test_errors_of_one_price_are_counted_exactly():
    y, good, poor = arms(300)
    level = Level(0.05, 0.0, 500, 0)
    dear = ExpectedCost(costs=((0, 3), (3, 0))).judged(Pair(y, good, poor), level)
    plain = METRICS.read("accuracy").judged(Pair(y, good, poor), level)
    assert dear.p_value == plain.p_value
    assert dear.interval == pytest.approx(tuple(3 * end for end in plain.interval))


@pytest.mark.parametrize("costs", [COSTS, ((0, 1), (1, 0))])
def test_worthless_models_seldom_save_costs(costs):
    """Ill people are one in twenty, and the candidate misses more of them than it gains on the healthy: the cost is the same."""
    rng, runs, passed, metric = np.random.default_rng(7), 200, 0, ExpectedCost(costs=costs)
    for seed in range(runs):
        y = (rng.random(150) < 0.05).astype(int)
        lost = 0.2 * (y == 1)
        gained = np.where(y == 0, 0.2 * 0.05 * costs[1][0] / (0.95 * costs[0][1]), 0.0)
        u = rng.random(150)
        first, second = np.where(u < lost, 1 - y, y), np.where(u > 1 - gained, 1 - y, y)
        found = metric.judged(Pair(y, np.eye(2)[first], np.eye(2)[second]), Level(0.05, 0.0, 500, seed))
        passed += found.p_value <= 0.05
    assert passed / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_costs_follow_the_names_of_the_classes():
    metric = ExpectedCost(costs=((0, 5), (1, 0)), classes=("ill", "healthy"))
    assert metric.of_classes(("healthy", "ill")).costs == COSTS
    assert ExpectedCost(costs=COSTS).of_classes(("healthy", "ill")).classes == ("healthy", "ill")
    with pytest.raises(DataError, match="costs of the target's classes a, b, got those of ill, healthy"):
        metric.of_classes(("a", "b"))
    with pytest.raises(DataError, match="got those of 2 classes"):
        ExpectedCost(costs=COSTS).of_classes(("a", "b", "c"))


def test_always_saying_the_same_is_done_as_well_as_it_can_be():
    shares = np.array([0.9, 0.1])
    assert LogLoss().constant(shares).tolist() == [0.9, 0.1]
    assert ExpectedCost(costs=((0, 1), (50, 0))).constant(shares).tolist() == [0, 1]
    assert METRICS.read("accuracy").constant(shares).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "expected_cost", "costs": [[0, 1]]}, "2"),
        ({"kind": "expected_cost", "costs": [[0, 1], [1]]}, "costs with as many columns as rows"),
        ({"kind": "expected_cost", "costs": [[1, 1], [0, 0]]}, "costs that depend on the answer"),
        ({"kind": "expected_cost", "costs": COSTS, "classes": ["a", "a"]}, "classes with 2 different names"),
        ({"kind": "log_loss", "clip": 0}, "clip"),
        ("acuracy", "did you mean 'accuracy'"),
    ],
)
def test_what_is_no_metric_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        GateConfig(metric=given)


def test_margins_are_in_the_metric_s_units():
    GateConfig(metric={"kind": "expected_cost", "costs": [[0, 10], [50, 0]]}, champion_margin=2.5)
    with pytest.raises(ValidationError, match="a number below 1"):
        GateConfig(champion_margin=2.5)


def test_a_metric_is_written_by_its_kind_alone_where_nothing_is_set():
    assert GateConfig(metric="macro_f1").model_dump(mode="json")["metric"] == "macro_f1"
    written = GateConfig(metric={"kind": "log_loss", "clip": 0.001}).model_dump(mode="json")["metric"]
    assert written == {"kind": "log_loss", "clip": 0.001}
    assert GateConfig(metric=written).metric == LogLoss(clip=0.001)


def test_the_schema_takes_what_the_config_takes():
    schema = Draft202012Validator(GateConfig.model_json_schema())
    assert schema.schema["properties"]["metric"]["default"] == "accuracy"
    dear = {"kind": "expected_cost", "costs": [[0, 1], [5, 0]]}
    for metric in ("log_loss", {"kind": "log_loss", "clip": 0.001}, dear, "a.b:C", {"kind": "a.b:C", "own": 1}):
        assert schema.is_valid({"metric": metric, "rules": ["a.b:C", {"kind": "a.b:C"}]}), metric
    for metric in ("acuracy", "expected_cost", {"kind": "log_loss", "clp": 1}, {"kind": "expected_cost"}, 3):
        assert not schema.is_valid({"metric": metric}), metric
