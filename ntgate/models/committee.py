"""A committee: the weighted mean of several models' class scores, made surer or less sure by a temperature.

The linear opinion pool (Genest & Zidek, "Combining Probability Distributions: A Critique and an Annotated Bibliography",
Statistical Science 1, 1986), then ``p ** (1 / T)``, normalised again (Guo et al., "On Calibration of Modern Neural Networks",
ICML 2017): a mean of models is less sure than it could be.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import PlainSerializer, PlainValidator

from ntgate.models.base import Model, Scores, StoredModel

if TYPE_CHECKING:
    from ntgate.data.domain import Rows

FLOOR = 1e-6  # what has no chance at all keeps none at every temperature, and has a logarithm


@dataclass(frozen=True, eq=False)
class CommitteeModel(Model):
    """Members, and how much each counts.

    Attributes:
        members: the models; their classes are the committee's.
        weights: of the members, not negative, with the sum 1.
        temperature: above 1 it makes the committee less sure, below 1 surer.
    """

    members: tuple[Model, ...]
    weights: tuple[float, ...]
    temperature: float = 1.0

    @property
    def classes(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of every member."""
        return self.members[0].classes

    def scores(self, rows: Rows) -> Scores:
        """The pooled scores of raw rows."""
        return pooled([member.scores(rows) for member in self.members], self.weights, self.temperature)

    def save(self, path: Path) -> StoredCommittee:
        """Write every member beside the others."""
        stored = tuple(member.save(path.with_name(f"{path.name}-{i}")) for i, member in enumerate(self.members))
        return StoredCommittee(members=stored, weights=self.weights, temperature=self.temperature)

    def export(self, path: Path) -> None:
        """Write all members and their pool as one graph of raw rows."""
        from ntgate.export.committee_graph import export_committee

        export_committee([member.export for member in self.members], self.weights, self.temperature, path, floor=FLOOR)


def pooled(scores: list[Scores], weights: tuple[float, ...], temperature: float = 1.0) -> Scores:
    """The committee's scores ``(n, c)`` from its members', each ``(n, c)``.

    >>> half, sure = np.array([[0.5, 0.5]], np.float32), np.array([[0.9, 0.1]], np.float32)
    >>> pooled([half, sure], (0.5, 0.5)).round(2)
    array([[0.7, 0.3]], dtype=float32)
    >>> pooled([half, sure], (0.5, 0.5), temperature=0.5).round(2)
    array([[0.84, 0.16]], dtype=float32)
    """
    mean = sum(np.float32(weight) * part for weight, part in zip(weights, scores, strict=True))
    powers = np.maximum(mean, np.float32(FLOOR)) ** np.float32(1 / temperature)
    pool: Scores = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return pool


def _read(value: Any) -> StoredModel:
    from ntgate.models import MODELS

    return MODELS.read(value)


def _written(member: StoredModel) -> Any:
    from ntgate.models import MODELS

    return MODELS.written(member)


# Of any kind, another committee among them: the union that holds this one is only known once it is made.
_Member = Annotated[StoredModel, PlainValidator(_read), PlainSerializer(_written)]


class StoredCommittee(StoredModel):
    """A committee on disk.

    Attributes:
        members: the models.
        weights: of the members.
        temperature: of the pool.
    """

    kind: Literal["committee"] = "committee"
    members: tuple[_Member, ...]
    weights: tuple[float, ...]
    temperature: float = 1.0

    @property
    def sha256(self) -> str:
        """Of the members' digests, their weights and the temperature."""
        told = [f"{member.sha256} {weight!r}" for member, weight in zip(self.members, self.weights, strict=True)]
        return hashlib.sha256("\n".join([*told, repr(self.temperature)]).encode()).hexdigest()

    def load(self) -> CommitteeModel:
        """Every member."""
        return CommitteeModel(tuple(member.load() for member in self.members), self.weights, self.temperature)
