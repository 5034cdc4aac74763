"""Everything a run produced up to its verdict: what the reports and the registry are written from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ntgate.base import Artifact, Frozen
from ntgate.planning.policy import Plan
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.combine import Combined
from ntgate.stages.compress import Compressed
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.decide import Decided
from ntgate.stages.drift_page import Drifted
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.evidently import EvidentlyPage
from ntgate.stages.ingest import Ingested
from ntgate.stages.replicate import Replicated
from ntgate.stages.train import Slot
from ntgate.strategies.candidate import Candidate
from ntgate.training.curve import CurvePoint
from ntgate.training.source_model import SourceModel

if TYPE_CHECKING:
    from ntgate.shift.report import ShiftReport


class RunHistory(Frozen):
    """The results of the stages, in their order."""

    ingested: Ingested
    champion: ChampionSeen
    evidently_page: EvidentlyPage = EvidentlyPage()
    source: SourceModel
    drifted: Drifted
    plan: Plan
    scratch: Candidate
    slots: tuple[Slot, ...]
    combined: Combined
    compressed: Compressed
    replicated: Replicated
    crossed: CrossFitted
    evaluated: Evaluated
    decided: Decided

    @classmethod
    def of(cls, results: Mapping[str, Frozen]) -> RunHistory:
        """The history in the results of a run by name; those of stages that are no part of it are left out."""
        slots = tuple(found for name, found in results.items() if name.startswith("slots_"))
        return cls(**{name: results[name] for name in cls.model_fields if name in results}, slots=slots)

    @property
    def shift(self) -> ShiftReport | None:
        """How far the target has moved; None where there was nothing to measure it from."""
        return self.drifted.report

    @property
    def arms(self) -> tuple[Candidate, ...]:
        """Every arm that was tried, in the order of the plan, those of scratch, scratch, and the committee that was judged."""
        made = self.combined.candidate
        tried = [slot.candidate for slot in self.slots if slot.candidate is not None]
        return (*tried, *self.scratch.members, self.scratch, *([made] if made is not None and made.members else []))

    def curve(self, arm: Candidate) -> tuple[CurvePoint, ...]:
        """An arm's learning curve with the metric's own values, where training maximises."""
        as_is = self.decided.gate.metric.maximised
        return tuple(point.model_copy(update={"validation": as_is(point.validation)}) for point in arm.curve)

    @property
    def shipped(self) -> Candidate | None:
        """What a verdict promotes: the candidate, or scratch in the place of a champion that has collapsed."""
        return self.evaluated.candidate if self.decided.gate.replacement is None else self.scratch

    @property
    def unchanged(self) -> bool:
        """Whether what passed is the champion already: a run that is repeated after its own promotion."""
        decided = self.decided.gate
        if decided.replacement is not None:
            return decided.replacement.again
        return decided.outcome == "promoted" and self.champion.same_as(self.evaluated.onnx.get("candidate"))

    @property
    def pages(self) -> dict[str, Artifact]:
        """The pages that were made on the way."""
        made = {"drift": self.drifted.page, "evidently": self.evidently_page.page}
        return {name: page for name, page in made.items() if page is not None}

    def seconds(self) -> dict[str, float]:
        """Wall time by stage."""
        return {
            "ingest": self.ingested.seconds,
            "source": self.source.seconds,
            "drift": self.drifted.seconds,
            **{arm.strategy: arm.seconds for arm in self.arms if not arm.members},
            "combine": self.combined.seconds,
            "compress": self.compressed.seconds,
            "replicate": self.replicated.seconds,
            "cross_fit": self.crossed.seconds,
            "evaluate": self.evaluated.seconds,
            "decide": self.decided.seconds,
        }
