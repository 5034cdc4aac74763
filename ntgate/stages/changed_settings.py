"""The settings of a config that are not the usual ones: what a reader of MLflow's list wants to see of it."""

from __future__ import annotations

from typing import Any

from ntgate.base import Frozen
from ntgate.config import ModelConfig, RunConfig
from ntgate.data.specs import DataConfig, SourceSpec
from ntgate.registry.config import RegistryConfig
from ntgate.stages.compare import flat
from ntgate.stages.identity import portable
from ntgate.strategies import DEFAULT
from ntgate.strategies.scratch import PORTFOLIO

_ANY = SourceSpec(path="-")


def changed(config: RunConfig) -> dict[str, Any]:
    """The settings that differ from their defaults, those of a strategy from its own, under dotted names; and the seed.

    >>> data = DataConfig(source=_ANY, target=SourceSpec(path="target.csv", label="y"))
    >>> changed(RunConfig(model=ModelConfig(name="reader"), data=data, registry=RegistryConfig(uri="sqlite:///m.db")))
    {'model.name': 'reader', 'data.target.label': 'y', 'seed': 0}
    """
    parts = {name: _ANY for name in ("source", "target", "target_test", "unlabelled") if getattr(config.data, name)}
    usual = RunConfig(
        model=ModelConfig(name="-", source_checkpoint="-"),  # which is no setting of the decision, and stands for a missing source
        data=DataConfig(**parts),
        registry=RegistryConfig(uri="sqlite:///-"),
        strategies=config.strategies,
        scratch=config.scratch,
    )
    kinds: dict[str, Any] = {}
    for name, chosen, default in (
        ("strategies", config.strategies, DEFAULT),
        ("scratch", config.scratch, PORTFOLIO),
        ("compression", config.compression, ()),
    ):
        before = flat({name: [_usual(one).model_dump(mode="json") for one in chosen]})
        kinds |= {key: value for key, value in before.items() if key != name}
        if (names := [one.kind for one in chosen]) != [one.kind for one in default]:
            kinds[name] = ", ".join(names)
    known = {**flat(portable(usual)), **{key: value for key, value in kinds.items() if "." in key}}
    told = {key: value for key, value in flat(portable(config)).items() if key not in known or value != known[key]}
    return {**told, **{key: value for key, value in kinds.items() if "." not in key}, "seed": config.seed}


def _usual(one: Frozen) -> Frozen:
    """The same kind with its defaults, as far as it has any."""
    return type(one).model_construct()
