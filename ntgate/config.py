"""The config of a run: one frozen object, its schema, and the way from a file to it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ntgate.base import Frozen, Whole
from ntgate.compression import Compressions
from ntgate.config_base import inherited
from ntgate.config_errors import explain
from ntgate.data.specs import DataConfig
from ntgate.errors import ConfigError, ConfigErrors
from ntgate.gate.config import GateConfig
from ntgate.notify import NotifyConfig
from ntgate.pods import KubeflowConfig
from ntgate.quick import quickened
from ntgate.references import expanded, kept, referenced, unset, with_password
from ntgate.registry.config import RegistryConfig
from ntgate.settings_file import plain
from ntgate.shift.config import ShiftConfig
from ntgate.strategies import DEFAULT, Strategies
from ntgate.strategies.committee_config import CommitteeConfig
from ntgate.strategies.scratch import PORTFOLIO, Portfolio
from ntgate.training.config import Backbone, TrainingConfig, Transformers

_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # no file system, database or terminal takes these


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
    """

    model: ModelConfig
    data: DataConfig
    registry: RegistryConfig
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


def load(path: str | Path, overrides: Iterable[str] = ()) -> RunConfig:
    """Read a YAML or JSON config.

    Relative paths in it, the SQLite registry among them, are relative to the folder of the file, so that a scheduled run
    means the same as one by hand. ``${NAME}`` in a string is replaced by the environment variable; in an address of the registry
    that then holds credentials it stays a reference, so that no config that is kept or sent anywhere holds a password.

    Args:
        path: the config file.
        overrides: ``key.sub=value`` settings; the value is read as YAML.

    Raises:
        ConfigErrors: with everything that is wrong, each with its path, what was expected, what came and what to do.
    """
    content = read(path, overrides)
    return parse(content, base=Path(path).resolve().parent)


def read(path: str | Path, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """The plain mapping in a config file with ``overrides``, nothing checked: relative paths and ``${NAME}`` as they stand.

    Raises:
        ConfigError: when the file is not YAML or JSON, or an override is not ``key.sub=value``.
    """
    return overridden(inherited(Path(path), _of_base), overrides)


def overridden(content: dict[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """The mapping, with each of ``key.sub=value`` set in it.

    Raises:
        ConfigError: when an override is not of that form.
    """
    for override in overrides:
        _set(content, override)
    return content


def parse(content: Mapping[str, Any], base: Path) -> RunConfig:
    """The config in a plain mapping, with relative paths taken from ``base``."""
    problems: list[ConfigError] = []
    resolved = _located({"output": "runs"} | _expanded(dict(content), "", problems), base, problems)
    try:
        config = RunConfig.model_validate(resolved)
    except ValidationError as error:
        problems += explain(error, RunConfig, resolved)
    if problems:
        raise ConfigErrors(problems)
    return _without_password(config, content)


def _without_password(config: RunConfig, content: Mapping[str, Any]) -> RunConfig:
    """The config with the addresses of registry and ledger as they were written, where a password was filled into them.

    Orchestrators store the config, and show it to everybody. It is filled in again where the database is connected to.
    """
    registry, ledger = config.registry, config.gate.ledger
    if with_password(registry.uri):
        registry = registry.model_copy(update={"uri": kept(content["registry"]["uri"])})
    if ledger.uri is not None and with_password(ledger.uri):
        ledger = ledger.model_copy(update={"uri": kept(content["gate"]["ledger"]["uri"])})
    gate = config.gate.model_copy(update={"ledger": ledger})
    return config.model_copy(update={"registry": registry, "gate": gate})


def _set(content: dict[str, Any], override: str) -> None:
    key, sign, text = override.partition("=")
    if not sign or not key.strip():
        raise ConfigError(
            f"--set {override}", expected="key.sub=value", got="no '='" if not sign else "no key", fix="write e.g. --set seed=1"
        )
    *parents, last = key.strip().split(".")
    for parent in parents:
        below = content.setdefault(parent, {})
        if not isinstance(below, dict):
            raise ConfigError(f"--set {override}", expected=f"a mapping at {parent!r}", got=repr(below), fix="set the whole value")
        content = below
    try:
        content[last] = plain(text)
    except ValueError as error:
        raise ConfigError(f"--set {override}", expected="a YAML value", got=text[:60], fix="quote it") from error


def _expanded(value: Any, where: str, problems: list[ConfigError]) -> Any:
    if isinstance(value, dict):
        return {k: _expanded(v, f"{where}.{k}".lstrip("."), problems) for k, v in value.items()}
    if isinstance(value, list):
        return [_expanded(v, f"{where}.{i}", problems) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    if _NO_TEXT.search(value):
        problems.append(ConfigError(where, expected="text", got=f"a NUL or half a character in {value[:40]!r}", fix="remove it"))
        return ""
    missing = [name for name in referenced(value) if name not in os.environ]
    problems += [unset(where, name) for name in missing]
    return "" if missing else expanded(value)


def _elsewhere(path: str) -> bool:
    """Whether no folder of ours says where a path leads."""
    return "://" in path or path.startswith("${")


def _of_base(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The settings of a base with its relative local paths taken from its own folder."""
    problems: list[ConfigError] = []
    located = _located(content, folder, problems)
    if problems:
        raise ConfigErrors(problems)
    return located


def _located(content: dict[str, Any], base: Path, problems: list[ConfigError]) -> dict[str, Any]:
    """The config with every relative local path made absolute, but for one that begins with a reference."""
    places: list[tuple[Any, str]] = [(content, "output"), (content.get("model"), "source_checkpoint")]
    model, data = content.get("model"), content.get("data")
    backbone = model.get("backbone") if isinstance(model, dict) else None
    if isinstance(backbone, dict) and backbone.get("kind") == "transformers":  # the path of an import is no file
        places.append((backbone, "path"))
    if isinstance(data, dict):
        places += [(data.get(name), "path") for name in ("source", "target", "target_test", "unlabelled")]
    for holder, key in places:
        if isinstance(holder, dict) and isinstance(holder.get(key), str) and not _elsewhere(holder[key]):
            holder[key] = str(_absolute(base, holder[key], problems))
    gate = content.get("gate")
    for holder in (content.get("registry"), gate.get("ledger") if isinstance(gate, dict) else None):
        if isinstance(holder, dict) and isinstance(holder.get("uri"), str):
            file = re.fullmatch(r"sqlite:///([^/].*)", holder["uri"])
            if file and not _elsewhere(file[1]):
                holder["uri"] = f"sqlite:///{_absolute(base, file[1], problems, home=False)}"
    return content


def _absolute(base: Path, path: str, problems: list[ConfigError], *, home: bool = True) -> Path:
    try:
        given = Path(path).expanduser() if home else Path(path)
        return (base / given).resolve()
    except (RuntimeError, OSError, ValueError) as error:  # nobody of this name, links in a circle, a name that is too long
        problems.append(ConfigError(path[:80], expected="a path", got=str(error)[:80], fix="correct it"))
        return base
