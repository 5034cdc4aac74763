"""Columns whose type the file itself says."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from tests.data.situations.build import NUMBER, Situation, csv, normal, of, parquet, some, texts, whole

TYPES = [
    Situation(
        "decimal in parquet",
        "reads",
        NUMBER,
        lambda n, rng: [Decimal(f"{v:.2f}") for v in normal(n, rng)],
        write=parquet,
        kind="number",
    ),
    Situation(
        "Nullable whole numbers in parquet",
        "reads",
        "missing",
        lambda n, rng: pd.array(some(whole(0, 90), None)(n, rng), dtype="Int64"),
        write=parquet,
        kind="number",
    ),
    Situation(
        "Nullable truth values in parquet",
        "reads",
        "missing",
        lambda n, rng: pd.array(some(of(True, False), None)(n, rng), dtype="boolean"),
        write=parquet,
        kind="number",
    ),
    Situation(
        "A category of texts in parquet",
        "reads",
        "a category in the file",
        lambda n, rng: pd.Categorical(of("a", "b")(n, rng)),
        write=parquet,
        kind="category",
    ),
    Situation(
        "A category of whole numbers in parquet",
        "reads",
        "a category in the file",
        lambda n, rng: pd.Categorical(rng.integers(0, 7, n)),
        write=parquet,
        kind="category",
    ),
    Situation(
        "A category in parquet, a number in csv",
        "reads",
        "c  category",
        lambda n, rng: pd.Categorical(rng.integers(0, 7, n)),
        write=lambda f, p: parquet(f, p) if p.name == "source" else csv()(f, p),
        kind="category",
    ),
    Situation("Codes as text in parquet", "reads", "c  category", of("1", "2", "3"), write=parquet, kind="category"),
    Situation("Numbers as text in parquet", "reads", NUMBER, texts(lambda v: f"{v:.3f}"), write=parquet, kind="number"),
    Situation("Bytes that are text in parquet", "reads", "c  category", of(b"north", b"south"), write=parquet, kind="category"),
    Situation(
        "Bytes in parquet that are no text",
        "asks",
        "bytes that are no text",
        lambda n, rng: [bytes([200 + i % 50, 1]) for i in range(n)],
        write=parquet,
        kind="left out",
    ),
    Situation(
        "uint64 beyond int64 in parquet",
        "asks",
        "whole numbers of over 15 digits",
        lambda n, rng: rng.integers(2**63, 2**64 - 1, n, dtype=np.uint64),
        write=parquet,
        kind="left out",
    ),
    Situation(
        "The last two of uint64 in parquet",
        "asks",
        "whole numbers of over 15 digits",
        lambda n, rng: rng.integers(2**64 - 2, 2**64 - 1, n, dtype=np.uint64, endpoint=True),
        write=parquet,
        kind="left out",
    ),
    Situation(
        "Long numbers below nought in parquet, with gaps",
        "asks",
        "that would be one, such as -9007199254740993 and -9007199254740992",
        lambda n, rng: pd.array([None if i % 9 == 3 else -(2**53) - i % 2 for i in range(n)], dtype="Int64"),
        write=parquet,
        kind="left out",
    ),
    Situation(
        "Decimals of 31 digits in parquet",
        "asks",
        "1000000000000000000000000000000 and 1000000000000000000000000000001",
        lambda n, rng: [Decimal(10**30 + int(i)) for i in rng.integers(0, 2, n)],
        write=parquet,
        kind="left out",
    ),
    Situation(
        "Decimals that differ in the 20th digit in parquet",
        "asks",
        "that would be one",
        lambda n, rng: [Decimal(f"1.000000000000000000{i}") for i in rng.integers(1, 3, n)],
        write=parquet,
        kind="left out",
    ),
    Situation(
        "Decimals of 25 digits in parquet, answered",
        "reads",
        "2 different: 1000000000000000000000000, 1000000000000000000000001",
        lambda n, rng: [Decimal(10**24 + i % 2) for i in range(n)],
        write=parquet,
        data={"columns": {"c": "category"}},
        kind="category",
    ),
    Situation(
        "The index of a frame in parquet",
        "asks",
        "numbers the rows",
        change=lambda f: f.assign(c=np.random.default_rng(0).permutation(len(f))).set_index("c"),
        write=parquet,
    ),
    Situation(
        "A named index as group in parquet",
        "reads",
        "amount  number",
        change=lambda f: f.assign(who=[f"p{len(f)}-{i // 4}" for i in range(len(f))]).set_index("who"),
        write=parquet,
        spec={"group": "who"},
    ),
    Situation(
        "A text in one file, a number in the other, few different ones",
        "reads",
        "c  category",
        of("a", "b"),
        whole(0, 2),
        kind="category",
    ),
]
