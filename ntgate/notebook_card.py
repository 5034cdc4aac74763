"""A card: a verdict with its rows as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_COLOURS = {"promoted": "#12703f", "rejected": "#b3261e", "inconclusive": "#8a5300", "approval_wanted": "#12703f"}


def card(outcome: str, sentence: str, rows: Iterable[tuple[str, str, str]]) -> str:
    """The ``outcome`` in its colour, the ``sentence``, and a table of ``rows`` of three cells; all of it as text.

    >>> card("rejected", "It lost to <b>.", [("rule", "fail", "why")])[:56]
    '<div style="border-left: 4px solid #b3261e; padding: 4px'
    """
    colour, shown = _COLOURS.get(outcome, "#596273"), escape(outcome.replace("_", " ").upper())
    cells = "".join("<tr>" + "".join(f'<td style="text-align: left">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows)
    return (
        f'<div style="border-left: 4px solid {colour}; padding: 4px 12px"><b style="color: {colour}">{shown}</b> '
        f"{escape(sentence)}<table>{cells}</table></div>"
    )
