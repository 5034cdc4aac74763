"""Where a strategy comes in the plan, and why: from evidence that is there before any training."""

from __future__ import annotations

from typing import NamedTuple

FEW_LABELS = 10
STRONG_SHIFT = 1.0  # proxy A-distance: a linear classifier tells three of four rows apart


class Rank(NamedTuple):
    """Where a strategy comes (lower is sooner), and why, in a few words."""

    place: float
    reason: str


class Case(NamedTuple):
    """What a strategy's place depends on.

    Attributes:
        labels_per_class: labelled target training rows of the rarest class.
        target_rows: target rows with and without labels.
        source_rows: labelled source rows.
        unlabelled_rows: target rows without labels.
        proxy_a_distance: how well a classifier tells the domains apart, 0 (not at all) to 2; None: the shift is not measured.
        raw: whether the domains are compared on raw features, as tables are, and not on what a network makes of images.
    """

    labels_per_class: int
    target_rows: int
    source_rows: int
    unlabelled_rows: int
    proxy_a_distance: float | None
    raw: bool

    @property
    def few(self) -> bool:
        """Whether labels are few."""
        return self.labels_per_class < FEW_LABELS

    @property
    def strong(self) -> bool:
        """Whether the shift is, as far as it is known."""
        return self.proxy_a_distance is not None and self.proxy_a_distance >= STRONG_SHIFT

    @property
    def labels(self) -> str:
        """How many labels there are, in words."""
        return f"{self.labels_per_class} labelled rows in the rarest class"

    @property
    def distance(self) -> str:
        """How far the source is, in words."""
        return "shift not measured" if self.proxy_a_distance is None else f"proxy A-distance {self.proxy_a_distance:.2f}"

    @property
    def unlabelled(self) -> str:
        """How many rows there are without labels, in words that follow others; empty where there are none."""
        return f" and {self.unlabelled_rows} unlabelled rows" if self.unlabelled_rows else ""

    def adaptation(self, later: float, strong: str, weak: str) -> Rank:
        """The rank of a domain adaptation: early under a strong shift, the more so with unlabelled rows, else late.

        Args:
            later: how far behind the first of its kind.
            strong: what is said after the strong shift.
            weak: what is said before a weak one.
        """
        if self.strong:
            place = 0.5 if self.unlabelled_rows else 1.5
            return Rank(place + later, f"strong shift ({self.distance}){self.unlabelled}{strong}")
        return Rank(3.0 + later, f"{weak} ({self.distance})")
