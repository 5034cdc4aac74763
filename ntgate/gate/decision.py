"""The gate's decision."""

from __future__ import annotations

from typing import Literal

from ntgate.base import Frozen
from ntgate.gate.asked import OnLabels
from ntgate.gate.finding import Finding
from ntgate.gate.in_words import in_words
from ntgate.gate.labels_wanted import GAIN_RULES, Deciding
from ntgate.gate.replaced import Replacement
from ntgate.metrics import AnyMetric
from ntgate.notebook_card import card

_NOT_ABOUT_RESULTS = (
    "test_rows",
    "wear",
    "reading",
    "labels",
)  # rules that a withheld decision may still tell of: none looks at a score


class OverSeeds(Frozen):
    """The gain of the method, not of one pair of models.

    Attributes:
        gains: of each seed's pair on the test rows; the first is that of the pair before any compression.
        gain: their mean.
        interval: of the mean over seeds and rows, two-sided at level ``1 - 2 alpha``.
    """

    gains: tuple[float, ...]
    gain: float
    interval: tuple[float, float]


class OverModel(Frozen):
    """The candidate against a further model on the test rows, told beside the verdict.

    Attributes:
        strategy: a learner of the target alone, ``constant`` for always giving the same answer, or ``champion``.
        value: that model's score.
        gain: by how much the candidate is better.
        gain_interval: two-sided at level ``1 - 2 alpha``; one of several that look at the same rows.
    """

    strategy: str
    value: float
    gain: float
    gain_interval: tuple[float, float]


class GateDecision(Frozen):
    """The verdict with everything it rests on.

    Attributes:
        outcome: ``promoted`` when every finding passes, ``rejected`` when one fails, else ``inconclusive``.
        findings: every rule's answer.
        metric: the score that was compared.
        n: test rows.
        candidate: score of the candidate; None where it has none.
        scratch: score of the baseline.
        champion: score of the champion.
        gain: by how much the candidate is better: ``candidate - scratch``, or the reverse where smaller values are better.
        gain_interval: two-sided at level ``1 - 2 alpha``.
        p_value: one-sided, against a gain of at most ``margin``.
        over_seeds: what further seeds say about the gain; None where there are none.
        learners: the candidate against each learner that scratch was made of; none where it was made of one.
        constant: the candidate against the constant guess.
        over_champion: the candidate against the champion; None where there is none that could be scored.
        alpha: the level of the gate.
        margin: the gain that had to be exceeded.
        withheld: whether what the test rows said is kept back, because no candidate has passed on them yet.
        uncompressed: what the decision would have been about the candidate before its compression; None where there was none.
            The verdict is about what would be shipped, so this one promotes nothing.
        deciding: how many labels would show a gain, of random rows and of those that decide; None where that is not the question.
        replacement: what let scratch, which is promoted, take the place of a champion that has collapsed; the findings are then
            about scratch. None: the verdict is about the candidate.
        labels: what a verdict rests on that was asked for after a run; None: it rests on the run's test rows.
    """

    outcome: Literal["promoted", "rejected", "inconclusive"]
    findings: tuple[Finding, ...]
    metric: AnyMetric
    n: int
    candidate: float | None
    scratch: float | None
    champion: float | None
    gain: float | None
    gain_interval: tuple[float, float] | None
    p_value: float | None
    over_seeds: OverSeeds | None = None
    learners: tuple[OverModel, ...] = ()
    constant: OverModel | None = None
    over_champion: OverModel | None = None
    alpha: float
    margin: float
    withheld: bool = False
    uncompressed: GateDecision | None = None
    deciding: Deciding | None = None
    replacement: Replacement | None = None
    labels: OnLabels | None = None

    def points(self, gain: float | None) -> str:
        """A gain as people say it."""
        return self.metric.display().difference(gain)

    @property
    def alarms(self) -> tuple[str, ...]:
        """What has to be told wherever the verdict is, whatever it is."""
        return tuple(finding.alarm for finding in self.findings if finding.alarm is not None)

    @property
    def sentence(self) -> str:
        """The verdict in one sentence, or two where compression spoilt it, then the alarms."""
        before, said = self.uncompressed, self.verdict
        for more in (self.deciding, self.labels):
            said += f" {more.sentence}" if more is not None and more.sentence else ""
        if self.deciding is not None and self.deciding.sentence and (others := _open_otherwise(self.findings)):
            said += f" Not counted is what {others} takes."
        if before is not None and before.outcome == "promoted" and self.outcome != "promoted":
            said += f" Before compression it would have passed, with a gain of {self.points(before.gain)}."
        return " ".join([said, *(alarm for alarm in self.alarms if alarm not in said)])

    def _repr_html_(self) -> str:
        return card(self.outcome, self.sentence, [(f.title, f.outcome, f.reason) for f in self.findings])

    @property
    def verdict(self) -> str:
        """The verdict alone."""
        if self.replacement is not None:
            return self.replacement.sentence(self.points(self.replacement.gain))
        if self.outcome == "promoted":
            return f"The candidate beats training from scratch by {self.points(self.gain)} and passes every rule."
        finding = next(f for f in self.findings if f.outcome == ("fail" if self.outcome == "rejected" else "inconclusive"))
        if finding.rule == "negative_transfer" and self.outcome == "rejected" and self.gain is not None and self.gain < 0:
            return f"Negative transfer: the candidate is {self.points(-self.gain)} worse than training from scratch."
        if finding.rule == "seeds" and self.outcome == "rejected" and self.over_seeds and self.over_seeds.gain < 0:
            seeds = len(self.over_seeds.gains)
            return (
                f"Negative transfer: over {seeds} seeds the candidate is {self.points(-self.over_seeds.gain)} worse than training "
                "from scratch."
            )
        if finding.rule == "negative_transfer" and self.gain is not None:
            return self._not_shown(self.gain)
        return in_words(self, finding) or finding.reason

    def _not_shown(self, gain: float) -> str:
        """Of a gain over scratch that is neither shown nor shown to be a loss."""
        if gain >= 0:
            return f"A gain of {self.points(gain)} over training from scratch is not enough evidence to promote."
        return (
            f"The candidate is {self.points(-gain)} behind training from scratch: no evidence to promote, and not enough to call "
            "the transfer negative."
        )


def _open_otherwise(findings: tuple[Finding, ...]) -> str:
    """The rules that are not decided beside the gain over scratch."""
    return " and ".join(f.rule for f in findings if f.outcome == "inconclusive" and f.rule not in GAIN_RULES)


def withheld(decision: GateDecision) -> GateDecision:
    """The decision as it may be told before the first pass: that it is no pass, and nothing else of the test rows.

    All that an analyst hears is then the same word each time, so that what he tries next cannot depend on the test rows (see
    :mod:`ntgate.gate.wear`).
    """
    kept = Finding(
        rule="withheld",
        outcome="inconclusive",
        reason="The candidate did not pass. What the test rows say is withheld until one does, so that they can be used again.",
    )
    return decision.model_copy(
        update={
            "outcome": "inconclusive",
            "findings": (*(finding for finding in decision.findings if finding.rule in _NOT_ABOUT_RESULTS), kept),
            "withheld": True,
            "learners": (),
            **dict.fromkeys(
                (
                    "candidate",
                    "scratch",
                    "champion",
                    "constant",
                    "over_champion",
                    "gain",
                    "gain_interval",
                    "p_value",
                    "over_seeds",
                    "uncompressed",
                    "deciding",
                )
            ),
        }
    )
