"""The answer of a run: what ``ntgate run --json`` prints."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import JsonValue

from ntgate.base import Artifact, Frozen
from ntgate.export.footprint import Footprint
from ntgate.gate.decision import OverModel, OverSeeds
from ntgate.gate.finding import Finding
from ntgate.gate.replaced import Replacement
from ntgate.metrics.display import Display
from ntgate.notebook_card import card
from ntgate.stages.on_test_rows import Calibrated


class ArmResult(Frozen):
    """One judged arm: its score on ``n`` test rows; ``strategy`` is None for scratch and the champion."""

    strategy: str | None = None
    version: str | None = None
    value: float | None
    n: int
    seconds: float | None = None


class PlanResult(Frozen):
    """One strategy of the plan and what became of it: ``steps`` of its ``budget``, with ``seeds`` seeds.

    ``label`` is its name for people, ``validation`` its score out of fold, ``weight`` its share of the committee that was judged
    (None where there is none, or the arm is no part of it), ``notes`` what it learnt beside the weights.
    """

    strategy: str
    label: str
    reason: str
    trained: bool
    validation: float | None
    seconds: float
    weight: float | None = None
    steps: int = 0
    budget: int = 0
    seeds: int = 0
    notes: dict[str, JsonValue] = {}


class Cost(Footprint):
    """A model's costs, with its scores on the validation rows and on the test rows."""

    validation: float
    value: float | None


class CompressionResult(Frozen):
    """What compression made of the candidate, and what the gate would have said without it.

    Attributes:
        methods: the methods in the order in which they were applied.
        before: the candidate as it was trained.
        after: the candidate as it was judged.
        max_score_difference: largest change of a class score on the validation rows.
        uncompressed: the verdict that the candidate before compression would have had, with its gain over scratch.
    """

    methods: tuple[str, ...]
    before: Cost
    after: Cost
    max_score_difference: float
    uncompressed: dict[str, Any]


class RunResult(Frozen):
    """The whole answer. The JSON is a contract: keys are added, never dropped; paths are absolute, or addresses.

    Attributes:
        outcome: the gate's verdict; ``approval_wanted`` where it let the candidate pass and somebody has to approve it.
        sentence: the verdict in words, with the alarms behind it.
        alarms: what has to be told wherever the verdict is: swapped labels, a collapsed champion, a model below the constant guess.
        decision_id: the same for the same config, data, code and champion seen.
        metric: what the values are; metric_display: how they are shown, and which direction is better.
        candidate: the frozen candidate on the test rows; None when every arm failed.
        scratch: the baseline on the same rows.
        champion: the champion on the same rows; None when there is none.
        gain: by how much the candidate is better: ``candidate - scratch``, or the reverse where smaller values are better.
        gain_interval: two-sided at level ``1 - 2 alpha``.
        p_value: one-sided, against a gain of at most the margin.
        over_seeds: the gain over several seeds of both arms; None where there was one seed.
        learners: the candidate against each single learner that scratch was made of; constant: against the constant guess.
        over_champion: the candidate against the champion; None where there is none that could be scored.
        replacement: what let scratch take the place of a champion that has collapsed; None: the verdict is about the candidate.
        calibration: log-loss, Brier score and reliability of candidate and scratch on the test rows; empty where not told.
        alpha: the gate's level.
        labels: after a run how many labels would show a gain, ``random`` or of ``deciding`` rows, the share of ``disagreement`` and
            the command that goes on (``next``); of a verdict on labels what it rests on (:class:`~ntgate.gate.asked.OnLabels`).
        source_model: what transfer started from: its ``origin`` (``pretrained`` in this run, or a ``checkpoint``), what was
            ``loaded`` into it and what not, and that in ``sentences``.
        shift: the shift report.
        plan: every strategy with its reason, in order, then scratch.
        compression: what compression did to the candidate; None where the config asks for none.
        findings: every rule's answer.
        onnx: the exported arms, and how far they are from their networks.
        registry: where the model went; ``version`` is None when nothing was promoted. ``unchanged``: the model that passed was the
            champion already, so that ``version`` is the champion's and the registry stayed as it was. ``page``: why MLflow does not
            have the final page; None where it has. ``baseline``: the version of scratch that carries the alias of this name;
            ``baseline_fault``: why there is none though there should be. ``approval``: the version that waits for one, its alias,
            up to when (``until``) and the command that gives it (``next``); None where none is wanted.
        data: rows and fingerprints by part, the classes, what became of rows that stand more than once, and how columns and labels
            were read.
        reports: pages for people.
        directory: the run's folder, or its address.
        dry_run: whether the registry was left alone.
        quick: what a quick run left out; None where the run was none.
        seconds: wall time by stage.
    """

    schema_: Literal[1] = 1
    outcome: Literal["promoted", "rejected", "inconclusive", "approval_wanted"]
    sentence: str
    alarms: tuple[str, ...] = ()
    decision_id: str
    metric: str
    metric_display: Display
    candidate: ArmResult | None
    scratch: ArmResult
    champion: ArmResult | None
    gain: float | None
    gain_interval: tuple[float, float] | None
    p_value: float | None
    over_seeds: OverSeeds | None = None
    learners: tuple[OverModel, ...] = ()
    constant: OverModel | None = None
    over_champion: OverModel | None = None
    replacement: Replacement | None = None
    calibration: dict[str, Calibrated] = {}
    alpha: float
    labels: dict[str, JsonValue] = {}
    source_model: dict[str, JsonValue] = {}
    shift: dict[str, Any]
    plan: tuple[PlanResult, ...]
    compression: CompressionResult | None = None
    findings: tuple[Finding, ...]
    onnx: dict[str, Any]
    registry: dict[str, Any]
    data: dict[str, Any]
    reports: dict[str, Artifact]
    directory: str
    dry_run: bool
    quick: str | None = None
    seconds: dict[str, float]

    @property
    def facts(self) -> dict[str, Any]:
        """What an orchestrator shows beside it."""
        waiting = self.registry.get("approval") or {}
        told = {"outcome": self.outcome, "sentence": self.sentence, "version": self.registry["version"] or "none"}
        return {**told, **({"challenger": waiting["version"]} if waiting.get("version") else {})}

    @property
    def pages(self) -> dict[str, str]:
        """What an orchestrator shows."""
        return {"report": str(self.reports["report"].verified())}

    def _repr_html_(self) -> str:
        return card(self.outcome, self.sentence, [(f.title, f.outcome, f.reason) for f in self.findings])

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, with the key ``schema`` first."""
        content = self.model_dump(mode="json")
        content["reports"] = {name: page.path for name, page in self.reports.items()}
        return {"schema": content.pop("schema_"), **content}
