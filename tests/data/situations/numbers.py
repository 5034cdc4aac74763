"""Numbers as people write them."""

from __future__ import annotations

from tests.data.situations.build import NUMBER, Situation, normal, of, once, some, texts, whole

NUMBERS = [
    Situation(
        "Decimal commas between quotes", "reads", "decimal commas", texts(lambda v: f"{v:.2f}".replace(".", ",")), kind="number"
    ),
    Situation(
        "Thousands with commas and a fraction", "reads", "commas between thousands", texts(lambda v: f"{v:,.2f}"), kind="number"
    ),
    Situation(
        "Thousands with commas beside small whole numbers",
        "reads",
        "commas between thousands",
        texts(lambda v: f"{int(v):,}"),
        kind="number",
    ),
    Situation("Millions with commas", "reads", "commas between thousands", texts(lambda v: f"{int(v * 2000):,}"), kind="number"),
    Situation(
        "Thousands with points, decimal commas",
        "reads",
        "points between thousands, decimal commas",
        texts(lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,"))),
        kind="number",
    ),
    Situation(
        "Thousands with spaces",
        "reads",
        "spaces between thousands",
        texts(lambda v: f"{int(v):,}".replace(",", " ")),
        kind="number",
    ),
    Situation(
        "Thousands with narrow spaces that do not break",
        "reads",
        "spaces between thousands",
        texts(lambda v: f"{int(v):,}".replace(",", "\u202f")),
        kind="number",
    ),
    Situation(
        "Thousands with apostrophes",
        "reads",
        "apostrophes between thousands",
        texts(lambda v: f"{int(v):,}".replace(",", "'")),
        kind="number",
    ),
    Situation(
        "1,234 everywhere: thousands or a fraction", "asks", "thousands or a fraction", texts(lambda v: f"{1000 + abs(int(v)):,}")
    ),
    Situation("Per cent", "reads", "per cent", texts(lambda v: f"{v / 50:.1f}%"), kind="number"),
    Situation("Per cent with a space before it", "reads", "per cent", texts(lambda v: f"{v / 50:.1f} %"), kind="number"),
    Situation(
        "Per cent with decimal commas",
        "reads",
        "per cent, decimal commas",
        texts(lambda v: f"{v / 50:.1f}%".replace(".", ",")),
        kind="number",
    ),
    Situation("Per cent in some cells alone", "asks", "written in several ways", some(texts(lambda v: f"{v / 50:.1f}"), "12%")),
    Situation("Money with a sign before it", "reads", "money in $", texts(lambda v: f"${v:,.2f}"), kind="number"),
    Situation(
        "Money with a sign behind it, decimal commas",
        "reads",
        "money in €, decimal commas",
        texts(lambda v: f"{v:.2f} €".replace(".", ",")),
        kind="number",
    ),
    Situation(
        "Brackets for less than nothing",
        "reads",
        "brackets for less than nothing",
        texts(lambda v: f"({2500 - v:.1f})" if v < 2500 else f"{v:.1f}"),
        kind="number",
    ),
    Situation("A minus that is no hyphen", "reads", NUMBER, texts(lambda v: f"{v - 2500:.1f}".replace("-", "−")), kind="number"),
    Situation("A unit behind every number", "asks", "numbers with a unit behind them", texts(lambda v: f"{v:.0f} kg")),
    Situation("Two ? among numbers", "reads", "'?' for no value", some(normal, "?", 100), kind="number"),
    Situation("? in the source alone", "reads", "'?' for no value", some(normal, "?", 100), normal, kind="number"),
    Situation("5 % ? in whole numbers", "reads", "'?' for no value", some(whole(0, 90), "?", 20), kind="number"),
    Situation("Dashes and n/a among numbers", "reads", "'-' for no value", some(normal, "-"), kind="number"),
    Situation("#DIV/0! among numbers", "reads", "'#DIV/0!' for no value", some(normal, "#DIV/0!"), kind="number"),
    Situation("NA, NaN and null among numbers", "reads", "missing", some(normal, "NA"), kind="number"),
    Situation("A word among numbers that is no usual mark", "asks", "'broken' among them", some(normal, "broken")),
    Situation("Less than a limit among numbers", "asks", "written in several ways", some(normal, "<100")),
    Situation(
        "A word of the config's for no value",
        "reads",
        "missing",
        some(normal, "broken"),
        spec={"csv": {"missing": ["broken"]}},
        kind="number",
    ),
    Situation(
        "The word answered",
        "reads",
        "'broken' for no value",
        some(normal, "broken"),
        data={"columns": {"c": {"kind": "number", "missing": ["broken"]}}},
        kind="number",
    ),
    Situation(
        "Thousands answered",
        "reads",
        "commas between thousands",
        texts(lambda v: f"{1000 + abs(int(v)):,}"),
        data={"columns": {"c": {"kind": "number", "thousands": ","}}},
        kind="number",
    ),
    Situation(
        "A fraction answered",
        "reads",
        "decimal commas",
        texts(lambda v: f"{1000 + abs(int(v)):,}"),
        data={"columns": {"c": {"kind": "number", "decimal": ","}}},
        kind="number",
    ),
    Situation(
        "A number by the config that is none",
        "refuses",
        "expected numbers, as data.columns says",
        of("a", "b"),
        data={"columns": {"c": "number"}},
    ),
    Situation(
        "-999 for no value", "asks", "far from all other numbers", some(lambda n, rng: abs(normal(n, rng)).round() / 100, -999)
    ),
    Situation("999999 in one cell", "asks", "far from all other numbers", once(lambda n, rng: normal(n, rng).round(1), 999999)),
    Situation(
        "-999 answered",
        "reads",
        "-999 for no value",
        some(lambda n, rng: abs(normal(n, rng)).round() / 100, -999),
        data={"columns": {"c": {"kind": "number", "missing": [-999]}}},
        kind="number",
    ),
    Situation(
        "Numbers that float32 would not tell apart",
        "reads",
        NUMBER,
        lambda n, rng: 1.5e8 + rng.normal(0, 3, n).round(2),
        kind="number",
    ),
    Situation("An infinite number", "refuses", "infinity in row 3", once(normal, "inf")),
    Situation("A number beyond float32", "refuses", "infinity in row 3", once(normal, "1e300")),
    Situation(
        "A whole number of 30 digits among small ones",
        "refuses",
        "whole numbers of at most 18 digits",
        once(whole(0, 90), "9" * 30),
    ),
]
