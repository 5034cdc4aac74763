"""What a report tells of rows: how they were read, and which of them the arms got right."""

from __future__ import annotations

from ntgate.report.told import Number, Told


class DataRow(Told):
    """One set of rows: what it was used for, how many rows of each class, and the fingerprint of its content."""

    name: str
    rows: int | None = None
    classes: dict[str, int] | None = None
    fingerprint: str | None = None


class Cells(Told):
    """A column's cells in one domain: how many have no value, how many differ, and from where to where they go."""

    missing: int = 0
    distinct: int = 0
    range: str = ""


class ColumnRow(Told):
    """A column as it was read; ``said``: as the config says; ``asked``: which is asked about."""

    name: str
    kind: str
    written: str = ""
    said: bool = False
    asked: bool = False
    cells: dict[str, Cells] = {}


class Reading(Told):
    """How columns and labels were read, and what has to be known of that."""

    columns: tuple[ColumnRow, ...] = ()
    notes: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class ClassRow(Told):
    """One class of the test rows: the share of its ``n`` rows that each arm recognised."""

    name: str
    n: int
    candidate: Number = None
    scratch: Number = None


class Example(Told):
    """A test row as people see it: its number in its file, its class, both answers, and its picture or some of its cells."""

    row: int
    true: str
    candidate: str
    scratch: str
    picture: str | None = None
    cells: dict[str, str] = {}


class Disagreement(Told):
    """Test rows on which one arm is right and the other wrong: how many, and some of them.

    ``won``: the candidate is right; ``hidden``: why no row is shown.
    """

    won: int = 0
    lost: int = 0
    won_rows: tuple[Example, ...] = ()
    lost_rows: tuple[Example, ...] = ()
    hidden: str | None = None


class Mistake(Told):
    """How many test rows of class ``true`` each arm took for ``answered``."""

    true: str
    answered: str
    candidate: int
    scratch: int
