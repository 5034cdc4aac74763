"""Columns that are perhaps no features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.data.situations.build import Situation, count, csv, file, of, parquet


def _codes(labels: pd.Series) -> np.ndarray:
    """Codes 1 to 12, half of which stand with yes, in no order."""
    rng = np.random.default_rng(5)
    yes, no = np.array([2, 3, 7, 8, 11, 12]), np.array([1, 4, 5, 6, 9, 10])
    return np.where(labels == "yes", rng.choice(yes, len(labels)), rng.choice(no, len(labels)))


NO_FEATURES = [
    Situation("A user name in every row", "asks", "different texts in 400 rows", lambda n, rng: [f"u{i}-{n}" for i in range(n)]),
    Situation(
        "A hash in every row",
        "asks",
        "different texts in 400 rows",
        lambda n, rng: [f"{v:016x}" for v in rng.integers(2**60, 2**62, n)],
    ),
    Situation(
        "A name in every row, answered",
        "reads",
        "left out, as the config says",
        lambda n, rng: [f"u{i}-{n}" for i in range(n)],
        data={"columns": {"c": "ignore"}},
        kind="left out",
    ),
    Situation("An index", "asks", "numbers the rows (0, 1, 2, ...)", count()),
    Situation("An index that pandas saved without a name", "asks", "Column 'Unnamed: 0' numbers the rows", write=csv(index=True)),
    Situation(
        "An index that pandas saved and read again",
        "asks",
        "Column 'Unnamed: 0' numbers the rows",
        change=lambda f: f.reset_index(names="Unnamed: 0"),
    ),
    Situation("Numbers of rows in no order", "asks", "numbers the rows", lambda n, rng: 1 + rng.permutation(n)),
    Situation("Rising whole numbers", "asks", "numbers the rows", lambda n, rng: 7000 + np.cumsum(rng.integers(1, 90, n))),
    Situation(
        "A number of the row in a file sorted by its label",
        "asks",
        "the rows",
        change=lambda f: f.sort_values("label").reset_index(drop=True).assign(c=lambda g: 3 * np.arange(len(g))),
    ),
    Situation(
        "Whole numbers that order the rows by their label",
        "asks",
        "orders the rows by their label",
        change=lambda f: f.assign(c=np.argsort(np.argsort(f.label, kind="stable")) * 50 + np.arange(len(f)) % 7),
    ),
    Situation(
        "An index that the config calls a number",
        "reads",
        "as the config says",
        count(),
        data={"columns": {"c": "number"}},
        kind="number",
    ),
    Situation(
        "The label as a code", "asks", "tells the label of every row", change=lambda f: f.assign(c=(f.label == "yes").astype(int))
    ),
    Situation(
        "The label as another text",
        "asks",
        "tells the label of every row",
        change=lambda f: f.assign(c=f.label.map({"yes": "bought", "no": "left"})),
    ),
    Situation(
        "Codes in digits whose order says nothing",
        "asks",
        "whose order says nothing of the label",
        change=lambda f: f.assign(c=_codes(f.label)),
    ),
    Situation(
        "Codes in digits, answered",
        "reads",
        "category, as the config says",
        change=lambda f: f.assign(c=_codes(f.label)),
        data={"columns": {"c": "category"}},
        kind="category",
    ),
    Situation(
        "A column called like a code",
        "asks",
        "called like a code",
        change=lambda f: f.assign(zip_code=10115 + np.arange(len(f)) % 30),
    ),
    Situation(
        "Codes with noughts before them",
        "reads",
        "codes that begin with a nought",
        lambda n, rng: [f"{v:05}" for v in rng.integers(1, 60, n)],
        kind="category",
    ),
    Situation("Codes with and without noughts before them", "asks", "with and without noughts", of("01", "1", "02", "2")),
    Situation("Lists as text", "asks", "has lists", lambda n, rng: [f"[{a}, {b}]" for a, b in rng.integers(0, 9, (n, 2))]),
    Situation(
        "Lists in parquet",
        "asks",
        "lists or other values with parts",
        lambda n, rng: [[int(a), int(b)] for a, b in rng.integers(0, 9, (n, 2))],
        write=parquet,
    ),
    Situation(
        "Mappings in parquet",
        "asks",
        "lists or other values with parts",
        lambda n, rng: [{"a": int(a)} for a in rng.integers(0, 9, n)],
        write=parquet,
    ),
    Situation(
        "Lists in jsonl",
        "asks",
        "lists or other values with parts",
        lambda n, rng: [[int(a), int(b)] for a, b in rng.integers(0, 9, (n, 2))],
        write=file(".jsonl", lambda f: f.to_json(orient="records", lines=True)),
    ),
    Situation(
        "Nothing but a name in every row",
        "refuses",
        "a feature that can be read",
        lambda n, rng: [f"u{i}-{n}" for i in range(n)],
        change=lambda f: f[["c", "label"]],
    ),
    Situation(
        "A column that the config has and the files have not",
        "refuses",
        "did you mean 'colour'?",
        data={"columns": {"color": "category"}},
    ),
    Situation(
        "A number that stands in the rows of one label alone",
        "asks",
        "has a value in rows of source with the label 'yes' alone",
        change=lambda f: f.assign(c=f.amount.rank().where(f.label == "yes") / 7),
    ),
    Situation(
        "A date that stands in the rows of one label alone",
        "asks",
        "has a value in rows of source with the label 'yes' alone",
        change=lambda f: f.assign(c=pd.Series(pd.date_range("2024-01-01", periods=len(f))).where(f.label == "yes")),
    ),
    Situation(
        "The label as a code with gaps",
        "asks",
        "tells the label of every row of the source in which it stands",
        change=lambda f: f.assign(c=(f.label == "yes").astype(float).where(f.index % 11 > 0)),
    ),
    Situation(
        "File names in every row",
        "asks",
        "different texts in 400 rows",
        lambda n, rng: [f"/rows/{n}/{i:05d}.png" for i in range(n)],
    ),
]
