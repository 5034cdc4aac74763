"""The order of the strategies."""

from __future__ import annotations

import pytest

from ntgate.planning.policy import plan
from ntgate.shift.report import ShiftReport
from ntgate.strategies import DEFAULT
from ntgate.strategies.base import Facts
from ntgate.strategies.encoder_decoder import EncoderDecoder
from ntgate.strategies.moment_matching import MomentMatching
from ntgate.strategies.multi_task import MultiTask
from ntgate.strategies.parameter_transfer import ParameterTransfer


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


EVERY = [*DEFAULT, MomentMatching(), EncoderDecoder(), MultiTask(), ParameterTransfer()]


@pytest.mark.parametrize("labels", [3, 30])
@pytest.mark.parametrize("distance", [0.1, 1.6])
@pytest.mark.parametrize("unlabelled", [0, 500])
def test_every_kind_has_a_place_and_a_reason_with_figures(labels, distance, unlabelled):
    rows = plan(EVERY, facts(labels_per_class=labels, unlabelled_rows=unlabelled), shift(distance)).rows
    assert len({row.strategy.kind for row in rows}) == len(EVERY)
    for row in rows:
        assert "{" not in row.reason
        assert f"{distance:.2f}" in row.reason or f"{labels} labelled rows" in row.reason


def test_adaptation_leads_under_a_strong_shift_with_unlabelled_rows_and_comes_last_without_a_shift():
    def kinds(given, distance):
        return [row.strategy.kind for row in plan(EVERY, given, shift(distance)).rows]

    adaptation = ["domain_adversarial", "moment_matching", "encoder_decoder"]
    assert kinds(facts(unlabelled_rows=500), 1.6)[:3] == adaptation
    assert kinds(facts(), 0.1)[-3:] == adaptation
    assert kinds(facts(labels_per_class=3), 0.1)[:4] == [
        "feature_extraction", "multi_task", "parameter_transfer", "fine_tuning",
    ]  # fmt: skip
