"""How a metric's values and differences are shown."""

from __future__ import annotations

from ntgate.base import Frozen


class Display(Frozen):
    """What is needed to show a value of a metric, and a gain in it.

    Attributes:
        label: the metric's name for people, in the middle of a sentence.
        percent: whether values are percentages, and gains percentage points; otherwise both are decimals.
        unit: of a decimal gain, such as ``nats``; empty where it has none.
        greater_is_better: whether a greater value is a better one; a gain is positive where the first is better, either way.
    """

    label: str
    percent: bool = False
    unit: str = ""
    greater_is_better: bool = True

    def value(self, value: float) -> str:
        """A value in plain text.

        >>> Display(label="accuracy", percent=True).value(0.934), Display(label="log loss", unit="nats").value(0.31)
        ('93.4 %', '0.310')
        """
        return f"{100 * value:.1f} %" if self.percent else f"{value:.3f}"

    def difference(self, value: float | None) -> str:
        """A difference of two values in plain text.

        >>> Display(label="accuracy", percent=True).difference(0.0314), Display(label="log loss", unit="nats").difference(0.02)
        ('3.1 points', '0.020 nats')
        >>> Display(label="macro-F1").difference(None)
        'an unknown amount'
        """
        if value is None:
            return "an unknown amount"
        return f"{100 * value:.1f} points" if self.percent else f"{value:.3f} {self.unit}".rstrip()
