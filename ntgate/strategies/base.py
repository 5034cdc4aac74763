"""What a strategy is: a frozen config that says when it does not apply, and trains one arm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import JsonValue

from ntgate.base import Frozen
from ntgate.data.domain import TrainingView
from ntgate.foreign_code import foreign
from ntgate.strategies.cost import Cost
from ntgate.strategies.rank import Case, Rank
from ntgate.training.config import Backbone, TrainingConfig

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from ntgate.data.encoder import Encoder
    from ntgate.models.base import Model
    from ntgate.training.curve import CurvePoint
    from ntgate.training.loop import Metric, Objective, Progress
    from ntgate.training.network import Network
    from ntgate.training.source_model import SourceModel
    from ntgate.training.streams import Rows


class Facts(Frozen):
    """What is known before any training: enough to say which strategies apply.

    Attributes:
        source_rows: labelled source rows.
        target_rows: labelled target rows to train on.
        unlabelled_rows: further target rows without labels.
        source_classes: class names of the source; none where it has no rows.
        target_classes: class names of the target.
        labels_per_class: labelled target training rows of the rarest class.
        texts: the columns of the rows that are texts.
        text_network: whether there is a source network that reads them.
    """

    source_rows: int
    target_rows: int
    unlabelled_rows: int
    source_classes: tuple[str, ...]
    target_classes: tuple[str, ...]
    labels_per_class: int
    texts: tuple[str, ...] = ()
    text_network: bool = False

    @classmethod
    def of(cls, view: TrainingView) -> Facts:
        """The facts of a training view."""
        import numpy as np

        counts = np.bincount(view.train.labels, minlength=len(view.train.classes))
        return cls(
            source_rows=len(view.source),
            target_rows=len(view.train),
            unlabelled_rows=0 if view.unlabelled is None else len(view.unlabelled),
            source_classes=view.source.classes,
            target_classes=view.train.classes,
            labels_per_class=int(counts.min()),
            texts=view.train.texts,
        )

    @property
    def classes_without_source(self) -> tuple[str, ...]:
        """Target classes that the source lacks."""
        return tuple(name for name in self.target_classes if name not in self.source_classes)


@dataclass(frozen=True)
class Trained:
    """A trained arm: the model that scored best, how it got there, and what else it learnt that people want to know."""

    model: Model
    curve: tuple[CurvePoint, ...]
    steps: int
    notes: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Arm:
    """Everything one arm trains from. The budget is the same for every arm of a run.

    Attributes:
        view: the data, without the test rows.
        source: the source model; None for scratch, which must not see it.
        backbone: the configured architecture; None: chosen by the shape of the rows.
        training: optimiser settings.
        metric: the score that early stopping maximises.
        seed: of this arm's initialisation and order of rows.
        progress: told about each evaluation.
        checkpoint: where the loop keeps what it needs to resume.
        until: the point of the curve to stop at, counted from 1, where it is known already; None: the best on the validation rows.
    """

    view: TrainingView
    source: SourceModel | None
    backbone: Backbone | None
    training: TrainingConfig
    metric: Metric
    seed: int
    progress: Progress | None = None
    checkpoint: Path | None = None
    until: int | None = None

    @property
    def pretrained(self) -> SourceModel:
        """The source model of an arm that transfers."""
        if self.source is None:
            raise ValueError("this arm was given no source model")
        return self.source

    @property
    def steps(self) -> int:
        """The budget in optimisation steps."""
        return self.training.target_steps(len(self.view.train))

    def network(self, network: Network, encoder: Encoder, curve: tuple[CurvePoint, ...], steps: int) -> Trained:
        """A trained arm that leaves a network."""
        from ntgate.models.network import NetworkModel

        return Trained(NetworkModel(network.eval(), encoder, self.view.train.classes), curve, steps)

    def fit(self, objective: Objective, streams: Mapping[str, Rows], encoder: Encoder) -> Trained:
        """Run the training loop on this arm's budget, early-stopped on its validation rows."""
        from ntgate.training.loop import fit
        from ntgate.training.source import rows_of

        result = fit(
            objective,
            streams,
            rows_of(encoder, self.view.validation),
            metric=self.metric,
            config=self.training,
            steps=self.steps,
            seed=self.seed,
            progress=self.progress,
            checkpoint=self.checkpoint,
            until=self.until,
        )
        return self.network(objective.network, encoder, result.curve, result.steps)


class Strategy(Frozen, ABC):
    """A way of using the source, or of refusing it. Subclasses are frozen configs with a ``kind``.

    Attributes:
        kind: names it in configs and results.
        label: names it for people.
        streams: batches of how many kinds of rows a step takes.
        reads_texts: whether it learns from columns that are texts.
        reads_by_network: whether it does so where the source network reads them.
        needs_source_rows: whether it has no use for a source model alone.
        draws: whether training draws anything at random; without it further seeds bring nothing new.
    """

    kind: str
    label: ClassVar[str]
    reads_texts: ClassVar[bool] = False
    reads_by_network: ClassVar[bool] = False
    needs_source_rows: ClassVar[bool] = True

    def __init_subclass__(cls, **given: Any) -> None:
        """A strategy without a label is called by its kind."""
        super().__init_subclass__(**given)
        if "label" not in cls.__dict__ and isinstance(kind := cls.__dict__.get("kind"), str):
            cls.label = kind.replace("_", " ")

    def answers(self) -> AbstractContextManager[None]:
        """In it, whatever a strategy of one's own raises is its failure, ``sys.exit`` too; of ours it is a fault of ntgate's."""
        if type(self).__module__.startswith("ntgate."):
            return nullcontext()
        return foreign(f"strategy {self.kind}", expected="a strategy that works on these rows", fix="correct the class")

    def obstacle(self, facts: Facts) -> str | None:
        """Why it does not run on these data, or None when it does: it must have its rows, read every column, and be suitable."""
        if self.needs_source_rows and not facts.source_rows:
            return "it needs source rows, and there are none"
        if facts.texts and not self.can_read(facts.text_network):
            return cannot_read(facts.texts)
        return self.unsuitable(facts)

    def can_read(self, text_network: bool) -> bool:
        """Whether it reads texts, given whether the source network does."""
        return self.reads_texts or (self.reads_by_network and text_network)

    def unsuitable(self, facts: Facts) -> str | None:  # noqa: ARG002
        """Why this strategy cannot run on these data, or None when it can."""
        return None

    def rank(self, case: Case) -> Rank:  # noqa: ARG002
        """Where it comes in the plan, and why; without an opinion it comes in the middle."""
        return Rank(2.0, "as the config asks")

    streams: ClassVar[int] = 1
    draws: ClassVar[bool] = True

    def seconds(self, cost: Cost) -> float | None:
        """About how long training takes; None where it cannot be said."""
        return cost.network(self.streams)

    @abstractmethod
    def train(self, arm: Arm) -> Trained:
        """Train the arm."""


def cannot_read(texts: Sequence[str]) -> str:
    """Why an arm that reads no texts has no part in a run.

    >>> cannot_read(("title", "review"))
    "it does not read the texts of 'title' and 'review'"
    """
    return f"it does not read the texts of {' and '.join(map(repr, texts))}"


def measured(metric: Metric, labels: npt.NDArray[np.int64], scores: npt.NDArray[np.floating]) -> float:
    """The training's metric, which takes tensors, of arrays: ``labels`` ``(n,)`` and ``scores`` ``(n, c)``."""
    import torch

    return metric(torch.from_numpy(labels), torch.from_numpy(scores))


def by_kind(value: Any) -> Any:
    """A single strategy stands for a list of one, and a kind alone for its defaults."""
    listed = [value] if isinstance(value, str | Mapping) else value
    if not isinstance(listed, list | tuple):
        return listed
    return [{"kind": item} if isinstance(item, str) else item for item in listed]
