"""The order of the strategies."""

from __future__ import annotations

import pytest

from ntgate.planning.policy import plan
from ntgate.shift.report import ShiftReport
from ntgate.strategies import DEFAULT, STRATEGIES
from ntgate.strategies.base import Facts
from ntgate.strategies.cost import Cost
from ntgate.strategies.scratch import PORTFOLIO


def facts(**more) -> Facts:
    given = {
        "source_rows": 900,
        "target_rows": 60,
        "unlabelled_rows": 0,
        "source_classes": ("a", "b"),
        "target_classes": ("a", "b"),
        "labels_per_class": 30,
    }
    return Facts(**{**given, **more})


def shift(distance: float, representation: str = "raw") -> ShiftReport:
    return ShiftReport(
        mmd2=0.1,
        p_value=0.01,
        alpha=0.05,
        null_quantiles=(0.0, 0.1, 0.1, 0.2),
        permutations=99,
        bandwidths=(1.0,),
        effect_size=0.1,
        effect_interval=(0.0, 0.2),
        proxy_a_distance=distance,
        proxy_a_distance_interval=(0.0, 2.0),
        n_source=10,
        n_target=10,
        representation=representation,
        significant=True,
        tolerated_effect=0.0,
        outcome="shift",
        seconds=0.1,
    )


def order(given: Facts, distance: float) -> list[str]:
    rows = plan(DEFAULT, given, shift(distance)).rows
    return [row.strategy.kind for row in rows if row.strategy.kind in NETWORKS]


def test_a_near_source_is_fine_tuned_first():
    assert order(facts(), 0.1) == ["fine_tuning", "feature_extraction", "domain_adversarial"]


def test_few_labels_call_for_few_parameters():
    assert order(facts(labels_per_class=3), 0.1)[0] == "feature_extraction"


def test_a_strong_shift_is_adapted_to_first():
    assert order(facts(), 1.6)[0] == "domain_adversarial"
    assert order(facts(unlabelled_rows=500, labels_per_class=3), 1.6)[:2] == ["feature_extraction", "domain_adversarial"]


def test_what_cannot_run_is_left_out_with_its_reason():
    made = plan(DEFAULT, facts(target_classes=("a", "b", "z")), shift(1.6))
    row = next(row for row in made.rows if row.strategy.kind == "domain_adversarial")
    assert not row.suitable
    assert row.reason.startswith("left out: ")
    assert "domain_adversarial" not in [strategy.kind for strategy in made.slots]


EVERY = [kind() for kind in STRATEGIES.shipped]
# The order among these was settled before the others came.
NETWORKS = (
    "fine_tuning",
    "feature_extraction",
    "domain_adversarial",
    "moment_matching",
    "encoder_decoder",
    "multi_task",
    "parameter_transfer",
    "instance_transfer",
    "alignment",
)


@pytest.mark.parametrize("labels", [3, 30])
@pytest.mark.parametrize("distance", [0.1, 1.6])
@pytest.mark.parametrize("unlabelled", [0, 500])
@pytest.mark.parametrize("representation", ["raw", "embedding"])
def test_every_kind_has_a_place_and_a_reason_with_figures(labels, distance, unlabelled, representation):
    given = facts(labels_per_class=labels, unlabelled_rows=unlabelled)
    rows = plan(EVERY, given, shift(distance, representation)).rows
    assert len({row.strategy.kind for row in rows}) == len(EVERY)
    for row in rows:
        assert "{" not in row.reason
        assert f"{distance:.2f}" in row.reason or f"{labels} labelled rows" in row.reason


def kinds(given: Facts, distance: float, representation: str = "embedding") -> list[str]:
    rows = plan(EVERY, given, shift(distance, representation)).rows
    return [row.strategy.kind for row in rows if row.strategy.kind in NETWORKS]


def test_adaptation_leads_under_a_strong_shift_with_unlabelled_rows_and_comes_last_without_a_shift():
    adaptation = ["domain_adversarial", "moment_matching", "encoder_decoder"]
    assert kinds(facts(unlabelled_rows=500), 1.6)[:3] == adaptation
    assert kinds(facts(), 0.1)[-4:-1] == adaptation
    few = ["feature_extraction", "instance_transfer", "multi_task", "parameter_transfer", "fine_tuning"]
    assert kinds(facts(labels_per_class=3), 0.1)[:5] == few


def test_pools_come_early_where_labels_are_few():
    order = [row.strategy.kind for row in plan(EVERY, facts(labels_per_class=3), shift(0.1)).rows]
    assert set(order[:7]) >= {"linear_pool", "forest_pool", "extra_trees_pool", "boosting_pool"}


def test_instances_are_transferred_early_where_source_rows_resemble_the_target_and_labels_are_few():
    def place(given, distance):
        return kinds(given, distance).index("instance_transfer")

    few = facts(labels_per_class=3)
    assert place(few, 0.1) == 1
    assert place(few, 0.1) < place(facts(), 0.1) < len(NETWORKS) - 1
    assert place(few, 1.6) == place(facts(), 1.6) == len(NETWORKS) - 1
    row = next(row for row in plan(EVERY, few, shift(0.1)).rows if row.strategy.kind == "instance_transfer")
    assert row.reason == (
        "many of the 900 source rows resemble the target (proxy A-distance 0.10) and add to 3 labelled rows in the rarest class"
    )


def test_a_table_is_aligned_early_under_a_strong_shift_and_images_after_what_trains_the_features():
    def place(given, distance, representation):
        return kinds(given, distance, representation).index("alignment")

    few = facts(labels_per_class=3)
    assert place(few.model_copy(update={"unlabelled_rows": 500}), 1.6, "raw") == 0
    assert place(few, 1.6, "raw") == 1  # a map of 60 rows is less sure than a probe
    assert place(facts(), 1.6, "raw") < place(facts(), 1.6, "embedding")
    assert place(facts(), 0.1, "embedding") == len(NETWORKS) - 1
    rows = plan(EVERY, few.model_copy(update={"unlabelled_rows": 500}), shift(1.6)).rows
    assert rows[0].reason == "strong shift of raw features (proxy A-distance 1.60), mapped by their moments over 560 target rows"


COST = Cost(step=0.01, steps=400, fits=4, source_rows=2000, target_rows=200, width=20, classes=3)


def test_every_kind_says_about_how_long_it_takes():
    rows = plan(EVERY, facts(), shift(1.6), cost=COST).rows
    assert all(row.seconds is not None and 0 < row.seconds < 120 for row in rows if row.suitable)
    unknown = plan(EVERY, facts(), shift(1.6), cost=COST._replace(step=None)).rows
    assert {row.strategy.kind for row in unknown if row.seconds is None} >= {"fine_tuning", "domain_adversarial"}


def test_a_budget_keeps_scratch_and_what_fits_in_the_plans_order():
    whole = plan(EVERY, facts(), shift(1.6), cost=COST, scratch=PORTFOLIO)
    taken = sorted(row.seconds for row in whole.rows if row.suitable)
    budget = whole.scratch_seconds + sum(taken[:3]) + 0.1
    made = plan(EVERY, facts(), shift(1.6), cost=COST, scratch=PORTFOLIO, seconds=budget)
    assert whole.scratch_seconds + sum(row.seconds for row in made.rows if row.suitable) <= budget
    left = [row for row in made.rows if not row.suitable and "training.seconds" in row.reason]
    assert left
    assert all("of training.seconds" in row.reason for row in left)
    assert [row.strategy.kind for row in made.rows] == [row.strategy.kind for row in whole.rows]
