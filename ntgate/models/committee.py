"""A committee: the weighted mean of several models' class scores, made surer or less sure by a temperature.

The linear opinion pool (Genest & Zidek, "Combining Probability Distributions: A Critique and an Annotated Bibliography",
Statistical Science 1, 1986), then ``p ** (1 / T)``, normalised again (Guo et al., "On Calibration of Modern Neural Networks",
ICML 2017): a mean of models is less sure than it could be. Where many labels show it to be better, a rising curve follows. A member
may be a committee: of one model alone it is that model at a temperature of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator

from ntgate.models.base import Model, Scores, StoredModel
from ntgate.models.pooling import FLOOR, Curve, parts, pooled

if TYPE_CHECKING:
    from ntgate.data.domain import Rows


@dataclass(frozen=True, eq=False)
class CommitteeModel(Model):
    """Members, and how much each counts.

    Attributes:
        members: the models; their classes are the committee's.
        weights: of the members, not negative, with the sum 1.
        temperature: above 1 it makes the committee less sure, below 1 surer.
        curve: from its scores then to chances; none leaves them as they are.
    """

    members: tuple[Model, ...]
    weights: tuple[float, ...]
    temperature: float = 1.0
    curve: Curve = ()

    @property
    def classes(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of every member."""
        return self.members[0].classes

    def scores(self, rows: Rows) -> Scores:
        """The pooled scores of raw rows."""
        return pooled([member.scores(rows) for member in self.members], self.weights, self.temperature, self.curve)

    def save(self, path: Path) -> StoredCommittee:
        """Write every member beside the others."""
        stored = tuple(member.save(path.with_name(f"{path.name}-{i}")) for i, member in enumerate(self.members))
        return StoredCommittee(members=stored, weights=self.weights, temperature=self.temperature, curve=self.curve)

    def export(self, path: Path) -> None:
        """Write all members and their pool as one graph of raw rows."""
        from ntgate.export.committee_graph import export_committee

        members = [member.export for member in self.members]
        export_committee(
            members, self.weights, self.temperature, path, floor=FLOOR, curve=parts(self.curve) if self.curve else None
        )


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
        curve: behind it.
    """

    kind: Literal["committee"] = "committee"
    members: tuple[_Member, ...]
    weights: tuple[float, ...]
    temperature: float = 1.0
    curve: Curve = ()

    @property
    def sha256(self) -> str:
        """Of the members' digests, their weights and the temperature."""
        told = [f"{member.sha256} {weight!r}" for member, weight in zip(self.members, self.weights, strict=True)]
        told += [repr(self.temperature), *([repr(self.curve)] if self.curve else [])]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def load(self) -> CommitteeModel:
        """Every member."""
        return CommitteeModel(tuple(member.load() for member in self.members), self.weights, self.temperature, self.curve)
