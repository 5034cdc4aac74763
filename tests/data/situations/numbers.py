"""Numbers as people write them."""

from __future__ import annotations

import numpy as np

from tests.data.situations.build import NUMBER, ROWS, Column, Situation, csv, file, normal, of, once, parquet, some, texts, whole


def _marked(column: Column, **marks: float) -> Column:
    """Some rows hold other numbers: ``a`` in every 40th row, ``b`` in every 40th behind them."""

    def make(n: int, rng: np.random.Generator) -> np.ndarray:
        cells = np.array(column(n, rng), dtype=np.float64)
        for at, mark in enumerate(marks.values()):
            cells[3 + at :: 40] = mark
        return cells

    return make


def _temperature(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(8, 9, n).round(1)


def _commas(separator: str, form: str) -> dict:
    """Settings of a situation whose only fractions and thousands stand in the column."""
    return {
        "column": texts(lambda v: form.format(1000 + abs(int(v)) if form == "{:,.0f}" else int(v))),
        "change": lambda f: f.assign(amount=f.amount.round().astype(int)),
        "write": csv(sep=separator) if separator == ";" else file(".tsv", lambda f: f.to_csv(index=False, sep=separator)),
    }


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
        "Whole numbers of 18 digits",
        "asks",
        "whole numbers of over 15 digits",
        lambda n, rng: rng.integers(10**17, 9 * 10**17, n),
        kind="left out",
    ),
    Situation(
        "Whole numbers of 19 digits",
        "asks",
        "whole numbers of up to 19 digits",
        lambda n, rng: rng.integers(10**18, 9 * 10**18, n),
        kind="left out",
    ),
    Situation(
        "1.234 for 1,234 in the source alone",
        "asks",
        "about 1,000 times as large in target as in source",
        texts(lambda v: f"{int(v + 1000):,}".replace(",", ".")),
        texts(lambda v: f"{int(v + 1000)}"),
        kind="number",
    ),
    Situation(
        "Seconds in one file, milliseconds in the other",
        "asks",
        "about 1,000 times as large in target as in source",
        lambda n, rng: 1_700_000_000 + rng.integers(0, 10**7, n),
        lambda n, rng: 1000 * (1_700_000_000 + rng.integers(0, 10**7, n)),
        kind="number",
    ),
    Situation(
        "Per cent in one file, shares in the other",
        "asks",
        "about 100 times as large in source as in target",
        lambda n, rng: (100 * rng.beta(3, 3, n)).round(1),
        lambda n, rng: rng.beta(3, 3, n).round(3),
        kind="number",
    ),
    Situation(
        "A whole number of 30 digits among small ones",
        "refuses",
        "whole numbers of at most 18 digits",
        once(whole(0, 90), "9" * 30),
    ),
    Situation("Thousands with commas between tabs", "reads", "commas between thousands", **_commas("\t", "{:,}"), kind="number"),
    Situation("1,234 everywhere between semicolons", "asks", "thousands or a fraction", **_commas(";", "{:,.0f}")),
    Situation(
        "1.234 in the source, 1,234 in the target",
        "asks",
        "of which both or one have a fraction",
        texts(lambda v: f"{1 + abs(v) / 1000:.3f}"),
        texts(lambda v: f"{1 + abs(v) / 1000:.3f}".replace(".", ",")),
    ),
    Situation(
        "A word that is no usual mark in a third of the cells",
        "asks",
        "numbers, and 'keine Angabe' among them",
        some(texts(lambda v: f"{v:.1f}"), "keine Angabe", 3),
    ),
    Situation(
        "Digits of another script",
        "asks",
        "different texts",
        texts(lambda v: f"{v:.1f}".translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))),
    ),
    Situation(
        "Digits in groups that begin with a nought",
        "asks",
        "signs in digits that are no number",
        lambda n, rng: [f"030 {a} {b}" for a, b in rng.integers(100, 999, (n, 2))],
    ),
    Situation("-999 and 9999 for no value", "asks", "-999 in 10 rows and 9999 in 10 rows", _marked(whole(10, 90), a=-999, b=9999)),
    Situation("-998 and -999 for no value", "asks", "-999 in 10 rows and -998 in 10 rows", _marked(whole(10, 90), a=-999, b=-998)),
    Situation("-99 among temperatures", "asks", "-99 in 10 rows", _marked(_temperature, a=-99)),
    Situation(
        "The end of float32 for no value",
        "asks",
        "-3.402823",
        _marked(_temperature, a=float(np.finfo(np.float32).min)),
        write=parquet,
    ),
    Situation("1e20 for no value", "asks", "1e+20 in 10 rows", _marked(_temperature, a=1e20)),
    Situation("The least of 16 bits for no value", "asks", "-32768 in 10 rows", _marked(whole(10, 90), a=-32768)),
    Situation(
        "-999,00 among decimal commas",
        "asks",
        "-999 in 10 rows",
        lambda n, rng: [f"{v:.2f}".replace(".", ",") for v in _marked(lambda n, rng: rng.uniform(10, 90, n), a=-999)(n, rng)],
    ),
    Situation(
        "Decimal commas, a thousand times as large in the target",
        "asks",
        "1,000 times as large in target",
        lambda n, rng: [f"{v * (1000 if n == ROWS['target'] else 1):.2f}".replace(".", ",") for v in rng.uniform(10, 90, n)],
    ),
]
