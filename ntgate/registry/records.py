"""What is told to the registry about a run, in plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class Point(Protocol):
    """A point of a learning curve."""

    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def train_loss(self) -> float: ...  # noqa: D102
    @property
    def validation_loss(self) -> float: ...  # noqa: D102
    @property
    def validation(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class DatasetRecord:
    """One domain of the run.

    Attributes:
        name: what it is called.
        digest: its content fingerprint.
        rows: how many.
        context: what it was used for: ``source``, ``train``, ``validation``, ``test`` or ``unlabelled``.
        source: the path or URI it was read from.
    """

    name: str
    digest: str
    rows: int
    context: str
    source: str


@dataclass(frozen=True)
class ModelRecord:
    """An exported model.

    Attributes:
        path: the ONNX file.
        proto: its content, as ``onnx`` loads it.
        inputs: name, type and shape of each input.
        kind: ``table``, ``array`` or ``images``.
        classes: class names in the order of the scores.
        serving: source of the Python module through which MLflow loads it; it needs nothing of ntgate.
        example: a few raw rows, as an array or a DataFrame, to show how it is called.
    """

    path: Path
    proto: Any
    inputs: Sequence[tuple[str, str, Sequence[int]]]
    kind: str
    classes: Sequence[str]
    serving: str
    example: Any = None


@dataclass(frozen=True)
class CandidateRecord:
    """One arm.

    Attributes:
        strategy: names the arm and its run.
        parameters: flat settings.
        metrics: final numbers; those called ``test_*`` were measured on the test rows.
        curve: the learning curve.
        failed: why it has no result.
        model: its exported model where it was judged.
        tags: of the run and of the model.
        began: when its training began, seconds since the epoch; None: when it was recorded.
        ended: when its training ended.
    """

    strategy: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    curve: Sequence[Point]
    failed: str | None = None
    model: ModelRecord | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    began: float | None = None
    ended: float | None = None


@dataclass(frozen=True)
class RunRecord:
    """The whole run.

    Attributes:
        name: of the parent run.
        note: the verdict in Markdown, shown on the run's page; see :mod:`ntgate.registry.run_place` for links in it.
        parameters: flat settings.
        metrics: numbers of the verdict.
        tags: ``ntgate.*`` tags.
        datasets: the domains.
        candidates: the arms, each a child run.
        artifacts: local files, kept with the parent run.
        tables: columns by name, kept with it as what MLflow shows as a table, by file name.
        began: when the run began, seconds since the epoch; None: when it was recorded.
        key: tells this run of its decision from every other; recording it twice is recording it once. Empty: it has none.
    """

    name: str
    note: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    datasets: Sequence[DatasetRecord]
    candidates: Sequence[CandidateRecord]
    artifacts: Sequence[Path]
    tables: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    began: float | None = None
    key: str = ""
