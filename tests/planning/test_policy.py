"""The order of the strategies."""

from __future__ import annotations

from ntgate.planning.policy import plan
from ntgate.shift.report import ShiftReport
from ntgate.strategies import DEFAULT
from ntgate.strategies.base import Facts


def facts(**more) -> Facts:
    given = {
        "source_rows": 900, "target_rows": 60, "unlabelled_rows": 0, "source_classes": ("a", "b"),
        "target_classes": ("a", "b"), "labels_per_class": 30,
    }  # fmt: skip
    return Facts(**{**given, **more})


def shift(distance: float) -> ShiftReport:
    return ShiftReport(
        mmd2=0.1, p_value=0.01, alpha=0.05, null_quantiles=(0.0, 0.1, 0.1, 0.2), permutations=99, bandwidths=(1.0,),
        effect_size=0.1, effect_interval=(0.0, 0.2),
        proxy_a_distance=distance, proxy_a_distance_interval=(0.0, 2.0), n_source=10, n_target=10, representation="raw",
        significant=True, tolerated_effect=0.0, outcome="shift", seconds=0.1,
    )  # fmt: skip


def order(given: Facts, distance: float) -> list[str]:
    return [row.strategy.kind for row in plan(DEFAULT, given, shift(distance)).rows]


def test_a_near_source_is_fine_tuned_first():
    assert order(facts(), 0.1) == ["fine_tuning", "feature_extraction", "domain_adversarial"]


def test_few_labels_call_for_few_parameters():
    assert order(facts(labels_per_class=3), 0.1)[0] == "feature_extraction"


def test_a_strong_shift_is_adapted_to_first():
    assert order(facts(), 1.6)[0] == "domain_adversarial"
    assert order(facts(unlabelled_rows=500, labels_per_class=3), 1.6)[:2] == [
        "feature_extraction",
        "domain_adversarial",
    ]


def test_what_cannot_run_is_left_out_with_its_reason():
    made = plan(DEFAULT, facts(target_classes=("a", "b", "z")), shift(1.6))
    row = next(row for row in made.rows if row.strategy.kind == "domain_adversarial")
    assert not row.suitable
    assert row.reason.startswith("left out: ")
    assert "domain_adversarial" not in [strategy.kind for strategy in made.slots]
