"""Numbers as people read them; what is not there is a dash."""

from __future__ import annotations

from collections.abc import Callable

from ntgate.metrics.display import Display

MISSING = "–"


def number(value: float | None, digits: int = 4) -> str:
    """A number with some significant digits.

    >>> number(0.123456), number(900.0), number(12345678.0), number(None), number(-0.5)
    ('0.1235', '900', '1.235e+07', '–', '−0.5')
    """
    if value is None:
        return MISSING
    text = f"{value:.{digits}g}"
    return text.replace("-", "−", 1) if value < 0 else text


def count(value: int | None) -> str:
    """A whole number with thin spaces between thousands, which no locale misreads.

    >>> count(12345) == "12\u202f345", count(None)
    (True, '–')
    """
    return MISSING if value is None else f"{value:,}".replace(",", "\u202f")


def score(value: float | None, display: Display) -> str:
    """A value of a metric.

    >>> score(0.934, Display(label="accuracy", percent=True)), score(0.934, Display(label="ROC AUC"))
    ('93.4\u202f%', '0.934')
    """
    return MISSING if value is None else display.value(value).replace(" ", "\u202f").replace("-", "−")


def share(value: float | None) -> str:
    """A share as a percentage.

    >>> share(0.934), share(0.0004), share(None)
    ('93.4\u202f%', '0.0\u202f%', '–')
    """
    return MISSING if value is None else f"{100 * value:.1f}\u202f%"


def interval(ends: tuple[float, float] | None, form: Callable[[float], str] = number) -> str:
    """An interval, both ends in the same form.

    >>> interval((0.01, 0.2)), interval((0.5, 0.75), share), interval(None)
    ('0.01 to 0.2', '50.0\u202f% to 75.0\u202f%', '–')
    """
    return MISSING if ends is None else f"{form(ends[0])} to {form(ends[1])}"


def gain(value: float | None, display: Display, *, unit: bool = True) -> str:
    """A signed difference of two values of a metric.

    >>> share = Display(label="accuracy", percent=True)
    >>> gain(0.031, share), gain(-0.01, share), gain(0.031, Display(label="macro-F1")), gain(None, share)
    ('+3.1 points', '−1.0 points', '+0.031', '–')
    """
    if value is None:
        return MISSING
    number, _, called = display.difference(abs(value)).partition(" ")
    return ("−" if value < 0 else "+") + number + (f" {called}" if unit and called else "")


def p_value(value: float | None) -> str:
    """A p-value, as the gate's reasons have it; below a thousandth only its size matters.

    >>> p_value(0.0213), p_value(0.0504), p_value(0.00002), p_value(None)
    ('0.0213', '0.0504', '< 0.001', '–')
    """
    return MISSING if value is None else "< 0.001" if value < 0.001 else f"{value:.3g}"


def seconds(value: float | None) -> str:
    """A duration.

    >>> seconds(0.04), seconds(12.31), seconds(61), seconds(7322), seconds(None)
    ('40 ms', '12.3 s', '1 min 1 s', '2 h 2 min', '–')
    """
    if value is None:
        return MISSING
    if value < 60:
        return f"{1000 * value:.0f} ms" if value < 0.995 else f"{value:.1f} s"
    whole = round(value)
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def confidence(alpha: float | None) -> str:
    """Confidence of a two-sided interval whose ends are one-sided bounds at ``alpha``.

    >>> confidence(0.05), confidence(0.0125), confidence(None)
    ('90\u202f%', '97.5\u202f%', '–')
    """
    return MISSING if alpha is None else f"{100 * (1 - 2 * alpha):.4g}\u202f%"
