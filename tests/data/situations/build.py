"""What situations are made of: a table, a column in it, and the ways of writing it to a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS = {"source": 240, "target": 160}

Column = Callable[[int, np.random.Generator], Any]
Write = Callable[[pd.DataFrame, Path], str]  # into a folder under a name; the path that the config has


@dataclass(frozen=True)
class Situation:
    """One pair of files.

    Attributes:
        about: what they are like, for people.
        does: ``reads``, ``asks`` or ``refuses``.
        says: a part of what is printed: the line of the column, the note, the question or the refusal.
        column: makes the column ``c`` of ``n`` rows; None: there is none.
        target: makes that of the target, where it is another.
        label: makes the labels from ``n`` of them, yes and no; target_label: those of the target.
        write: writes a table; change: a change of the whole table before.
        spec: of both files, in the config; data: further settings below ``data``.
        kind: what the column has to be read as.
        model: further settings below ``model``.
    """

    about: str
    does: str
    says: str
    column: Column | None = None
    target: Column | None = None
    label: Callable[[np.ndarray], Any] | None = None
    target_label: Callable[[np.ndarray], Any] | None = None
    write: Write | None = None
    change: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    kind: str | None = None
    model: Mapping[str, Any] = field(default_factory=dict)

    def files(self, folder: Path) -> dict[str, Any]:
        """Write the files, and give what a config has below ``data``."""
        places = {}
        for seed, (name, n) in enumerate(ROWS.items()):
            frame = self._table(name, n, np.random.default_rng(seed))
            places[name] = {"path": str(folder / (self.write or csv())(frame, folder / name)), **self.spec}
        return {**places, **self.data}

    def _table(self, name: str, n: int, rng: np.random.Generator) -> pd.DataFrame:
        amount, colour = rng.normal(50, 20, n).round(2), rng.choice(["red", "green", "blue"], n)
        yes = np.where(amount / 20 + (colour == "red") + rng.logistic(0, 0.5, n) > 2.8, "yes", "no")
        frame = pd.DataFrame({"amount": amount, "colour": colour})
        make = self.column if name == "source" or self.target is None else self.target
        if make is not None:
            frame["c"] = make(n, rng)
        labels = self.label if name == "source" or self.target_label is None else self.target_label
        frame["label"] = yes if labels is None else labels(yes)
        return frame if self.change is None else self.change(frame)


# ---------------------------------------------------------------- how tables are written


def csv(**settings: Any) -> Write:
    """A csv file as pandas writes it with these settings."""

    def write(frame: pd.DataFrame, path: Path) -> str:
        frame.to_csv(path.with_suffix(".csv"), **{"index": False, **settings})
        return path.name + ".csv"

    return write


def parquet(frame: pd.DataFrame, path: Path) -> str:
    """One parquet file."""
    frame.to_parquet(path.with_suffix(".parquet"))
    return path.name + ".parquet"


def hive(column: str) -> Write:
    """Parquet partitioned by a column, as Spark writes it."""

    def write(frame: pd.DataFrame, path: Path) -> str:
        frame.to_parquet(path.with_suffix(".parquet"), partition_cols=[column])
        return path.name + ".parquet"

    return write


def file(ending: str, content: Callable[[pd.DataFrame], str | bytes]) -> Write:
    """A file of this content."""

    def write(frame: pd.DataFrame, path: Path) -> str:
        made = content(frame)
        path.with_name(path.name + ending).write_bytes(made.encode() if isinstance(made, str) else made)
        return path.name + ending

    return write


def parts(ending: str, pattern: str = "", *, odd: bool = False) -> Write:
    """A folder of three files; ``odd``: the last has another column."""

    def write(frame: pd.DataFrame, path: Path) -> str:
        path.mkdir()
        for i in range(3):
            part = frame.iloc[i::3].rename(columns={"amount": "sum"} if odd and i == 2 else {})
            name = path / f"part-{i}{ending}"
            if ending == ".parquet":
                part.to_parquet(name)
            elif ending == ".jsonl":
                part.to_json(name, orient="records", lines=True)
            else:
                part.to_csv(name, index=False)
        (path / "_SUCCESS").write_text("")
        return f"{path.name}/{pattern}" if pattern else path.name

    return write


def lines(change: Callable[[int, str], str]) -> Write:
    """A csv file with each line changed, the header being number 0."""

    def content(frame: pd.DataFrame) -> str:
        return "\n".join(change(i, line) for i, line in enumerate(frame.to_csv(index=False).splitlines())) + "\n"

    return file(".csv", content)


# ---------------------------------------------------------------- columns


def normal(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(2500, 900, n)


def texts(form: Callable[[float], str]) -> Column:
    return lambda n, rng: [form(value) for value in normal(n, rng)]


def some(column: Column, values: Any, every: int = 40) -> Column:
    """Every so many-th cell is another value."""

    def make(n: int, rng: np.random.Generator) -> list[Any]:
        cells = list(column(n, rng))
        cells[3::every] = [values] * len(cells[3::every])
        return cells

    return make


def once(column: Column, value: Any) -> Column:
    return some(column, value, every=10**6)


def of(*values: Any) -> Column:
    return lambda n, rng: list(rng.choice(np.array(values, dtype=object), n))


def days(form: str, start: str = "2024-01-01", step: str = "D") -> Column:
    return lambda n, rng: pd.date_range(start, periods=n, freq=step).strftime(form)


def stamps(step: str = "h", **settings: Any) -> Column:
    return lambda n, rng: pd.date_range("2024-01-01", periods=n, freq=step, **settings)


def count(start: int = 0, step: int = 1) -> Column:
    return lambda n, rng: start + step * np.arange(n)


def whole(low: int, high: int) -> Column:
    return lambda n, rng: rng.integers(low, high, n)


def sentence(n: int, rng: np.random.Generator) -> list[str]:
    words = ["the", "parcel", "came", "late", "and", "box", "was", "broken", "but", "they", "sent", "another", "quickly"]
    return [" ".join(rng.choice(words, 9)) for _ in range(n)]


NUMBER = "c  number"  # how the line of a column of numbers begins
