"""What so many test rows can show, said before anything is trained."""

from __future__ import annotations

from ntgate.base import Frozen
from ntgate.evaluation.power import power_at, rows_needed, smallest_visible_gain
from ntgate.gate.config import GateConfig
from ntgate.gate.labels_wanted import labels_to_ask

# Shares of test rows on which exactly one arm is right. They are known only afterwards; in practice they lie between these.
DISCORDANCES = (0.05, 0.1, 0.2)


class PowerRow(Frozen):
    """One assumption about how often exactly one arm is right.

    Attributes:
        discordance: that share of the test rows.
        power: probability of seeing the wanted gain; None where the gain would exceed the discordance.
        needed: test labels that show it with probability 0.8; None as above.
        deciding: labels of rows on which the arms disagree that do; None as above, and where it cannot be said.
        visible: smallest gain that the test rows show with probability 0.8; None where they show none.
    """

    discordance: float
    power: float | None
    needed: int | None
    visible: float | None
    deciding: int | None = None


class Power(Frozen):
    """What the gate would see of the wanted gain.

    Attributes:
        n: test rows that a decision may open.
        of: test rows that there are; the others are worn out.
        alpha: level of one decision, or of one candidate of a stream, of those that the ledger's horizon declares.
        gain: the wanted gain over scratch.
        rows: by discordance.
        judged: the metric that is judged; the numbers are those of accuracy.
    """

    n: int
    of: int
    alpha: float
    gain: float
    rows: tuple[PowerRow, ...]
    judged: str = "accuracy"

    @property
    def sentence(self) -> str:
        """The middle assumption in words."""
        return self._of_accuracy if self.judged == "accuracy" else f"Of accuracy, as a guide: {self._of_accuracy}"

    @property
    def _of_accuracy(self) -> str:
        row = self.rows[len(self.rows) // 2]
        points = f"{100 * self.gain:g} points"
        if row.needed is None or (self.n and row.power is None):
            return f"A gain of {points} needs arms that differ on more rows than is usual."
        if not self.n:
            return (
                f"None of the {self.of} test rows may be opened: about {row.needed:,} fresh ones show a gain of {points} with "
                f"probability 0.8, if exactly one arm is right on {100 * row.discordance:g} % of them."
            )
        left = f"{self.n} test rows" if self.n == self.of else f"The {self.n} of {self.of} test rows that are left"
        text = (
            f"{left} show a gain of {points} with probability {row.power:.2f}, if exactly one arm is right on "
            f"{100 * row.discordance:g} % of them"
        )
        fresh = "" if self.n == self.of else " fresh ones"
        text += f"; {row.needed:,}{fresh} would with 0.8." if row.needed > self.n else "."
        if row.needed <= self.n or row.deciding is None or self.judged != "accuracy":
            return text
        return f"{text} Of rows on which the arms disagree, {row.deciding} labels do: `ntgate ask` picks them after a run."


def power(n: int, config: GateConfig, *, level: float | None = None, of: int | None = None) -> Power:
    """The power of the gate's test of accuracy on ``n`` test rows, for the gain that is wanted.

    Args:
        n: test rows that a decision may open.
        config: of the gate.
        level: at which they are tested; None: at that of a fresh row.
        of: test rows that there are, those that are worn out among them; None: ``n``.

    >>> print(power(900, GateConfig(wanted_gain=0.02)).sentence)
    900 test rows show a gain of 2 points with probability 0.60, if exactly one arm is right on 10 % of them; 1,538 would with \
0.8. Of rows on which the arms disagree, 169 labels do: `ntgate ask` picks them after a run.
    """
    alpha = level or config.level
    gain, margin = config.wanted_gain, config.margin
    bets = config.ledger.policy == "e_process"
    rows = []
    for discordance in DISCORDANCES:
        gained, lost = (discordance + gain) / 2, (discordance - gain) / 2
        possible = lost >= 0
        rows.append(
            PowerRow(
                discordance=discordance,
                power=power_at(n, gained, lost, alpha, margin, bets=bets) if possible and n else None,
                needed=rows_needed(gained, lost, alpha, margin=margin, bets=bets) if possible else None,
                visible=smallest_visible_gain(n, discordance, alpha, margin=margin, bets=bets),
                deciding=labels_to_ask(gained, lost, discordance, config) if possible and config.counts_right_rows else None,
            )
        )
    return Power(n=n, of=n if of is None else of, alpha=alpha, gain=gain, rows=tuple(rows), judged=str(config.metric))
