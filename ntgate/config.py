"""The config of a run: one frozen object, and its schema. :mod:`ntgate.config_file` reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ntgate import SCHEMA, __version__
from ntgate.base import Frozen, Whole
from ntgate.compression import Compressions
from ntgate.data.specs import DataConfig
from ntgate.foreign.config import ForeignChampion
from ntgate.gate.config import GateConfig
from ntgate.notify import NotifyConfig
from ntgate.pods import KubeflowConfig
from ntgate.quick import quickened
from ntgate.registry.config import RegistryConfig
from ntgate.shift.config import ShiftConfig
from ntgate.strategies import DEFAULT, Strategies
from ntgate.strategies.committee_config import CommitteeConfig
from ntgate.strategies.scratch import PORTFOLIO, Portfolio
from ntgate.training.config import Backbone, TrainingConfig, Transformers


class ModelConfig(Frozen):
    """The model to produce.

    Attributes:
        name: the registered model's name.
        backbone: ``mlp``, ``cnn``, ``package.module:Class`` or a mapping with settings; None: by the shape of the rows.
        source_checkpoint: weights of the source backbone: a safetensors or torch file, a folder with one, or the folder of a LoRA
            adapter; None: those of the transformer's own folder, or pretraining on the source rows.
    """

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^/:%\\]+$")
    backbone: Backbone | None = None
    source_checkpoint: str | None = None

    @field_validator("name")
    @classmethod
    def _no_name_of_something_else(cls, name: str) -> str:
        for wrong, what in (
            (name in (".", ".."), "a name, not a folder"),
            (name != name.strip(), "a name without spaces around it"),
            (not name.isprintable(), "a name that can be printed"),
            ("'" in name and '"' in name, "a name with one kind of quotes at most: no query could hold both"),
            ("ntgate-lock" in name, "another name: this one is that of a promotion lock"),
            (len(name.encode(errors="replace")) > 240, "a name of at most 240 bytes: it names a folder too"),
        ):
            if wrong:
                raise ValueError(what)
        return name


class ReportConfig(Frozen):
    """What the report shows.

    Attributes:
        examples: test rows that the candidate wins, and as many that it loses, shown with their columns, text or picture where no
            later decision can use them; 0: none, so that no row leaves its file.
    """

    examples: Whole = Field(4, ge=0, le=50)


class RunConfig(Frozen):
    """Everything a run depends on. The smallest config names a model, a source or a checkpoint, a target and a registry.

    Attributes:
        model: what is produced, and under which name.
        data: the rows of source and target.
        registry: the MLflow server or database where runs and versions are kept.
        champion: how a champion is asked that ntgate did not make; null: such a one ends the run.
        shift: how it is measured how far the target has moved from the source.
        strategies: ways of using the source that are tried; by default one of each kind that harms little where it is of no use.
        scratch: learners of the target's labels alone, whose committee the candidate has to beat.
        committee: how the trained arms are put together into the candidate; null: the best single arm is the candidate.
        training: budget and optimiser of all networks.
        compression: ways of making the candidate smaller, in this order, before the gate judges it; empty: none.
        gate: what has to be shown before anything is promoted.
        quick: a first look: four strategies, two folds, one seed and no page of Evidently's, where nothing else is said.
        seed: of everything that is drawn at random: splits, initial weights, batches, permutations.
        notify: who is told of the verdict.
        report: what the report shows.
        kubeflow: what the pods of the pipeline that ``ntgate kfp compile`` writes ask a cluster for.
        output: where runs leave what they make: a folder, relative to the config file, or ``s3://bucket/runs``.
        version: of the form of this config, which is 1; a later one is refused before anything else in it is.
    """

    model: ModelConfig
    data: DataConfig
    registry: RegistryConfig
    champion: ForeignChampion | None = None
    shift: ShiftConfig = ShiftConfig()
    strategies: Annotated[Strategies, Field(min_length=1, max_length=50)] = DEFAULT
    scratch: Portfolio = PORTFOLIO
    committee: CommitteeConfig | None = CommitteeConfig()
    training: TrainingConfig = TrainingConfig()
    compression: Compressions = ()
    gate: GateConfig = GateConfig()
    quick: bool = False
    seed: Whole = Field(0, ge=0, lt=2**31)
    notify: NotifyConfig = NotifyConfig()
    report: ReportConfig = ReportConfig()
    kubeflow: KubeflowConfig = KubeflowConfig()
    output: str = "runs"
    version: Whole = Field(1, ge=1, le=SCHEMA, exclude=True)  # no part of what a run depends on

    @model_validator(mode="before")
    @classmethod
    def _known(cls, content: Any) -> Any:
        later = content.get("version") if isinstance(content, Mapping) else None
        if isinstance(later, int) and later > SCHEMA:
            expected = f"{SCHEMA}, the form of config that ntgate {__version__} reads"
            told = {"where": "version", "expected": expected, "got": str(later), "fix": "install the ntgate that it is written for"}
            raise PydanticCustomError("later", "a later form", told)
        return content

    @model_validator(mode="before")
    @classmethod
    def _quick(cls, content: Any) -> Any:
        return quickened(content) if isinstance(content, Mapping) and content.get("quick") is True else content

    @model_validator(mode="after")
    def _something_to_start_from(self) -> RunConfig:
        if self.data.source is None and self.model.source_checkpoint is None and not isinstance(self.model.backbone, Transformers):
            told = {"where": "data.source", "expected": "labelled source rows, or a model that exists", "got": "neither"}
            fix = "add 'source', or name the model's weights as model.source_checkpoint"
            raise PydanticCustomError("nothing_to_start_from", "nothing to start from", {**told, "fix": fix})
        return self

    @model_validator(mode="after")
    def _each_strategy_once(self) -> RunConfig:
        kinds = [strategy.kind for strategy in (*self.strategies, *self.scratch)]
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"each strategy once, got {', '.join(kinds)}")
        return self

    @model_validator(mode="after")
    def _rows_arrive_one_by_one(self) -> RunConfig:
        test = self.data.target_test or self.data.target
        if self.gate.ledger.policy == "e_process" and test.group is not None:
            raise ValueError("gate.ledger.policy e_process without data groups: rows of one group are no fresh evidence each")
        return self

    @model_validator(mode="after")
    def _groups_are_drawn_often_enough(self) -> RunConfig:
        test, gate = self.data.target_test or self.data.target, self.gate
        level = gate.alpha / gate.ledger.horizon
        if test.group is not None and gate.metric.least_p_value(level, gate.resamples, grouped=True) > level:
            raise ValueError(
                f"gate.resamples of at least {math.ceil(1 / level)}: the smallest p-value of {gate.resamples} resamples of groups "
                f"is above gate.alpha / gate.ledger.horizon = {level:.3g}, so that nothing could ever pass"
            )
        return self

    @model_validator(mode="after")
    def _groups_on_both_sides(self) -> RunConfig:
        target, test = self.data.target, self.data.target_test
        if test is not None and (target.group is None) != (test.group is None):
            raise ValueError("group in both data.target and data.target_test, or in neither: one has nothing to meet alone")
        return self

    @model_validator(mode="after")
    def _cross_fitted_alone(self) -> RunConfig:
        if self.gate.cross_fitting is None:
            return self
        if self.data.target_test is not None:
            raise ValueError("gate.cross_fitting or data.target_test, not both: cross-fitting is for targets without test rows")
        if self.compression:
            raise ValueError("gate.cross_fitting without compression: folds judge models as they are trained")
        if self.data.target.time is not None:
            raise ValueError("gate.cross_fitting without data.target.time: folds would learn from what came after them")
        if not self.gate.counts_right_rows:
            raise ValueError(
                f"gate.cross_fitting with accuracy, got {self.gate.metric}: the folds' test counts rows that are right"
            )
        return self
