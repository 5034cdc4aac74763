"""What ``ntgate ask`` says: how many labels are asked for, what they can show, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.base import Frozen
from ntgate.gate.asked import Asked
from ntgate.gate.labels_wanted import power_of_labels
from ntgate.notebook_card import card
from ntgate.stages.frozen_run import FrozenRun

if TYPE_CHECKING:
    import pandas as pd


class Answer(Frozen):
    """What ``ntgate ask`` says.

    Attributes:
        pool: rows of it that count; left_out: that do not, by the reason; disagree: rows on which it differs, by opponent;
            differ: rows on which a label can matter.
        asked: rows that are to be labelled; worn: rows that would have been, but were opened before.
        needed: labels that show ``gain`` with a probability of 0.8; None: no number would; power: with those that were asked for.
        alpha: level; policy, looks: when labels are looked at; by_labels: the rules that they decide.
        files: what was written; next: the command that goes on.
    """

    pool: int
    left_out: dict[str, int]
    disagree: dict[str, int]
    differ: int
    asked: int
    worn: int
    gain: float
    needed: int | None
    power: float | None
    alpha: float
    policy: str
    looks: int | None
    by_labels: tuple[str, ...]
    files: dict[str, str]
    next: str

    def table(self) -> pd.DataFrame:
        """The rows to be labelled, in their order: ``row_id``, the pool's columns and the label column, empty; none: no rows."""
        import pandas as pd

        path = self.files.get("rows")
        if path is None:
            return pd.DataFrame()
        if path.endswith((".parquet", ".pq")):
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype={"row_id": str}, float_precision="round_trip")  # the pool's own numbers, to the last bit

    def _repr_html_(self) -> str:
        return card("labels asked for", self.sentence, [(name, path, "") for name, path in self.files.items()])

    @property
    def sentence(self) -> str:
        """For people, all of it but the files."""
        share = 100 * self.disagree["scratch"] / self.pool
        said = [
            f"Candidate and scratch disagree on {self.disagree['scratch']:,} of {self.pool:,} rows of the pool ({share:.2g} %)."
        ]
        if self.differ > self.disagree["scratch"]:
            rules = ", ".join(rule for rule in self.by_labels if rule != "negative_transfer")
            said.append(f"{self.differ:,} rows count, since labels have to decide more: {rules}.")
        if self.left_out:
            told = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items())
            said.append(f"Left out: {told}.")
        if self.worn:
            said.append(f"{self.worn:,} were opened before, and are not asked for.")
        if not self.asked:
            return " ".join([*said, "There is nothing to label: no label of this pool could change the verdict."])
        said.append(f"{self.asked:,} are asked for, in random order, at level {self.alpha:g}.")
        if self.needed is not None:
            said.append(f"A gain of {100 * self.gain:.2g} points takes about {self.needed:,} labels for a power of 0.8.")
            if self.power is not None:
                said.append(f"{self.asked:,} have {self.power:.2f}.")
        if self.needed is None:
            said.append(f"A gain of {100 * self.gain:.2g} points is more than they can show.")
        when = "after every label" if self.looks is None else f"{self.looks} times meanwhile, and not beyond them"
        when = "when all are there, and told as soon as it is certain" if self.looks == 1 else when
        return " ".join([*said, f"The verdict is looked for {when}."])


def answer(run: FrozenRun, asked: Asked, files: dict[str, str], *, worn: int, gain: float, needed: int | None) -> Answer:
    """Put the answer together; the power is that of a gain of ``gain``."""
    n = len(asked.ids)
    return Answer(
        pool=asked.rows,
        left_out=asked.left_out,
        disagree=asked.disagree,
        differ=asked.differ,
        asked=n,
        worn=worn,
        gain=gain,
        needed=needed,
        power=power_of_labels(asked, gain, run.config.gate.margin),
        alpha=asked.alpha,
        policy=asked.policy,
        looks=asked.looks,
        by_labels=asked.by_labels,
        files=files,
        next=f"ntgate judge {run.place.address} --labels {files.get('rows', 'LABELS')}",
    )
