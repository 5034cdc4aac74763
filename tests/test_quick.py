"""A quick run: a smaller portfolio for the candidate, the whole one for scratch."""

from __future__ import annotations

import pytest

from ntgate.config import RunConfig
from ntgate.quick import STRATEGIES, left_out
from ntgate.strategies import DEFAULT
from ntgate.strategies.scratch import PORTFOLIO

SMALLEST = {
    "model": {"name": "m"},
    "data": {"source": {"path": "/s.npz"}, "target": {"path": "/t.npz"}},
    "registry": {"uri": "sqlite:////m.db"},
}


def quick(**more) -> RunConfig:
    return RunConfig.model_validate({**SMALLEST, "quick": True, **more})


def test_it_leaves_strategies_folds_and_seeds_out_and_nothing_of_scratch_or_the_gate():
    config, whole = quick(), RunConfig.model_validate(SMALLEST)
    assert [strategy.kind for strategy in config.strategies] == list(STRATEGIES)
    assert set(STRATEGIES) < {strategy.kind for strategy in DEFAULT}
    assert (config.training.folds, config.gate.seeds) == (2, 1)
    assert config.scratch == whole.scratch == PORTFOLIO
    assert config.gate.model_copy(update={"seeds": whole.gate.seeds}) == whole.gate
    assert config.committee == whole.committee


def test_what_the_config_names_stays():
    config = quick(strategies=["multi_task"], training={"folds": 4, "steps": 7}, gate={"seeds": 2, "alpha": 0.01})
    assert [strategy.kind for strategy in config.strategies] == ["multi_task"]
    assert (config.training.folds, config.training.steps, config.gate.seeds, config.gate.alpha) == (4, 7, 2, 0.01)


def test_an_orchestrator_reads_the_same_config_again():
    assert RunConfig.model_validate_json(quick().model_dump_json()) == quick()


def test_without_it_nothing_changes():
    assert RunConfig.model_validate({**SMALLEST, "quick": False}) == RunConfig.model_validate(SMALLEST)


@pytest.mark.parametrize("wrong", [{"training": 3}, {"gate": "strict"}, {"quick": "perhaps"}])
def test_wrong_parts_are_refused_as_ever(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        quick(**wrong)


def test_it_says_what_was_left_out():
    config = quick()
    assert left_out(config.strategies, config.gate.seeds, config.training.folds, config.shift.evidently) == (
        "A quick run: without domain-adversarial training, pooled extremely randomised trees and pooled gradient boosting; "
        "arms learnt on 2 folds how far to go; Evidently's page is missing; trained with one seed, so that a lucky one is not "
        "looked for; scratch stays as it is."
    )
