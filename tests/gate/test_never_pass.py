"""Settings with which nothing could ever pass are refused with the numbers."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ntgate.config import RunConfig
from ntgate.errors import DataError
from ntgate.evaluation.mcnemar import mcnemar_exact
from ntgate.evaluation.unconditional import mcnemar_unconditional, tango_unconditional
from ntgate.gate.config import GateConfig, rows_that_can_show
from ntgate.stages.preflight import check_rows


@pytest.mark.parametrize("metric", ["macro_f1", "roc_auc"])
def test_the_bootstrap_cannot_resolve_the_level_of_a_long_horizon(metric):
    GateConfig(metric=metric, ledger={"horizon": 250})
    with pytest.raises(ValidationError, match=r"0\.0002.* with 5000 resamples: at 0\.000199 .* 5020 resamples would do"):
        GateConfig(metric=metric, ledger={"horizon": 251})
    GateConfig(metric=metric, ledger={"horizon": 251}, resamples=5020)


def test_balanced_accuracy_draws_as_many_tables_as_the_level_asks_for_but_not_of_groups():
    GateConfig(metric="balanced_accuracy", ledger={"horizon": 10_000})
    content = {
        "model": {"name": "m"},
        "registry": {"uri": "sqlite:///m.db"},
        "data": {"source": {"path": "a.csv", "label": "y"}, "target": {"path": "b.csv", "label": "y", "group": "g"}},
        "gate": {"metric": "balanced_accuracy", "ledger": {"horizon": 251}},
    }
    with pytest.raises(ValidationError, match=r"gate\.resamples of at least 5020"):
        RunConfig.model_validate(content)
    content["gate"]["resamples"] = 5020
    RunConfig.model_validate(content)


def test_the_exact_test_has_a_floor():
    GateConfig(alpha=0.05, ledger={"horizon": 10_000})
    with pytest.raises(ValidationError, match=r"at least 1e-06, the smallest p-value that accuracy can have: at 1e-07"):
        GateConfig(alpha=0.001, ledger={"horizon": 10_000})
    GateConfig(alpha=0.001, ledger={"horizon": 10_000, "policy": "e_process"})


def test_fewer_test_rows_than_can_show_anything_are_no_minimum():
    GateConfig(min_test_rows=5)
    with pytest.raises(ValidationError, match=r"min_test_rows of at least 5: .* every one of 4 rows"):
        GateConfig(min_test_rows=4)
    with pytest.raises(ValidationError, match=r"min_test_rows of at least 11"):
        GateConfig(min_test_rows=5, ledger={"horizon": 52})
    GateConfig(min_test_rows=1, ledger={"policy": "e_process"})


@pytest.mark.parametrize(("alpha", "margin"), [(0.05, 0.0), (0.05 / 52, 0.0), (0.05, 0.5), (0.01, 0.9)])
def test_so_many_rows_can_show_a_gain_and_one_less_cannot(alpha, margin):
    needed = rows_that_can_show(alpha, margin)

    def p_value(n):
        return mcnemar_unconditional(n, 0, n) if margin == 0 else tango_unconditional(n, 0, n, margin)

    assert p_value(needed) <= alpha + 2e-6
    assert p_value(needed - 1) > alpha
    doubled = rows_that_can_show(alpha, 0.0, doubled=True)
    assert 2 * mcnemar_exact(doubled, 0) <= alpha < 2 * mcnemar_exact(doubled - 1, 0)


def test_data_on_which_nothing_could_pass_are_refused():
    check_rows(GateConfig(), 5)
    with pytest.raises(DataError, match=r"at least 5 at level 0\.05"):
        check_rows(GateConfig(), 4)
    with pytest.raises(DataError, match="at least 6"):
        check_rows(GateConfig(cross_fitting={"repeats": 3}), 5)
    check_rows(GateConfig(ledger={"policy": "e_process"}), 1)
