"""How the columns of a table are read: decided once, from all domains together, said, and asked about where it is doubtful."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.data import number_column, text_column
from ntgate.data.cells import DAYS_IN_DIGITS
from ntgate.data.column_cells import Cells, alike, converted, counted, numbers_of
from ntgate.data.column_form import ColumnForm, ColumnRead, Rules, numbers_among
from ntgate.data.column_seen import ColumnSeen, Reading, cells_seen
from ntgate.data.columns import frame_of
from ntgate.data.date_text import far_away
from ntgate.data.domain import Domain
from ntgate.data.question import Question, answers
from ntgate.data.second_look import second_look
from ntgate.data.text_column import CATEGORY, Judged
from ntgate.errors import DataError

_LOOKED_AT = 2000  # columns; of wider tables numbers are not looked at one by one
_OLDEST = 1e8  # seconds since 1970: in 1973
_EPOCHS = ((2e14, 1e-9), (2e13, 1e-6), (1e11, 1e-3))  # from such numbers on a date in numbers has finer steps than seconds


def settled(
    domains: Mapping[str, Domain], said: Mapping[str, ColumnRead] | None = None, *, look: bool = False, every: bool = False
) -> tuple[dict[str, Domain], Reading]:
    """The domains with the columns of their tables as numbers, seconds and text, and how that was decided.

    Args:
        domains: as they were read, by name; arrays and images are left as they are.
        said: what the config says of columns.
        look: whether columns are described, and doubtful ones looked for.
        every: whether columns that would be left out until somebody says what they are stay, as texts: a measure refuses none.

    Raises:
        DataError: when a column is not what the config says, or none is left.
    """
    said = said or {}
    tables = {name: domain for name, domain in domains.items() if domain.kind == "table"}
    if not tables:
        if said:
            raise DataError("data.columns", expected="tables", got="rows without named columns", fix="remove it")
        return dict(domains), Reading()
    names = dict.fromkeys(str(column) for domain in tables.values() for column in domain.rows.columns)  # type: ignore[union-attr]
    refuse_unknown(said, names)
    plainly = set() if len(names) <= _LOOKED_AT else _plain_numbers(tables) - set(said)
    made: dict[str, dict[str, Any]] = {name: {} for name in tables}
    forms: dict[str, ColumnForm] = {}
    seen: list[ColumnSeen] = []
    questions: list[Question] = []
    held = {name: dict.fromkeys(map(str, domain.rows.columns)) for name, domain in tables.items()}  # type: ignore[union-attr]
    for domain, table in tables.items():
        wanted = [name for name in held[domain] if name in plainly]
        assert not isinstance(table.rows, np.ndarray)
        values = table.rows[wanted].to_numpy(dtype=np.float32)
        made[domain] = dict(zip(wanted, values.T, strict=True))
    for name in names:
        if name in plainly:
            forms[name] = _as_written(name, number_column.NUMBER, tables)
            continue
        parts = {domain: Cells(tables[domain].rows[name]) for domain in tables if name in held[domain]}  # type: ignore[call-overload]
        told, source = said.get(name), tables.get("source", tables.get("target"))
        verdict = _judged(name, parts, source, look) if told is None else _declared(name, parts, told)
        form = CATEGORY if every and verdict.form is None and told is None else verdict.form
        columns = _converted(name, parts, form, tables)
        if look and told is None and verdict.seen is None:
            verdict = second_look(name, verdict, parts, columns, source)
            columns = columns if verdict.form == form else _converted(name, parts, verdict.form, tables)
            form = verdict.form
        if form is not None:
            forms[name] = _as_written(name, form, tables)
            for domain, values in columns.items():
                made[domain][name] = values
        if not look:
            continue
        if verdict.seen is not None:
            questions.append(
                Question(subject=name, seen=verdict.seen, key="columns", answer=verdict.answer, otherwise=verdict.otherwise)
            )
        seen.append(
            ColumnSeen(
                name=name,
                kind="left out" if form is None else form.kind,
                written="" if form is None else form.written,
                said=told is not None,
                asked=verdict.seen is not None,
                cells={domain: cells_seen(form, cells, columns.get(domain)) for domain, cells in parts.items()},
            )
        )
    if not forms:
        raise _nothing_left(questions, next(iter(tables.values())))
    done = {
        domain: replace(
            table,
            forms=forms,
            rows=frame_of({name: made[domain][name] for name in held[domain] if name in made[domain]}, len(table)),
        )
        for domain, table in tables.items()
    }
    return {**domains, **done}, Reading(columns=tuple(seen), questions=tuple(questions), answers=answers(questions, said, {}, ()))


def _converted(name: str, parts: Mapping[str, Cells], form: ColumnForm | None, tables: Mapping[str, Domain]) -> dict[str, Any]:
    """A column of each domain in its form; none where it is left out."""
    if form is None:
        return {}
    return {domain: converted(cells, form, f"{tables[domain].name}: {name}") for domain, cells in parts.items()}


def _as_written(name: str, form: ColumnForm, tables: Mapping[str, Domain]) -> ColumnForm:
    """The form of a number with what a reader did to make it one: a served model meets cells as the target's file has them."""
    if form.kind != "number":
        return form
    targets = [table for domain, table in tables.items() if domain != "source"] or list(tables.values())
    rules: Rules = next((table.written[name] for table in targets if name in table.written), ())
    gone = tuple(sorted({*form.gone, *(number for table in targets for number in table.gone)}))
    return form.model_copy(update={"rules": (*rules, *form.rules), "gone": gone}) if rules or gone else form


def _plain_numbers(tables: Mapping[str, Domain]) -> set[str]:
    """The columns that hold numbers of numpy's in every table; a table may have 50,000 of them."""
    every: set[str] = set()
    others: set[str] = set()
    for table in tables.values():
        for name, dtype in table.rows.dtypes.items():  # type: ignore[union-attr]
            numeric = isinstance(dtype, np.dtype) and dtype.kind in "fiub"
            (every if numeric else others).add(str(name))
    return every - others


def _judged(name: str, parts: Mapping[str, Cells], source: Domain | None, look: bool) -> Judged:  # noqa: PLR0911  one a type
    """How a column is read of which the config says nothing."""
    kinds = {cells.type for cells in parts.values()} - {"none"}
    if "bytes" in kinds:
        return Judged(None, f"Column {name!r} has bytes that are no text", "ignore", "write them as text")
    if "nested" in kinds:
        return Judged(None, f"Column {name!r} has lists or other values with parts", "ignore", "give their parts as columns")
    if not kinds or kinds <= {"number", "truth"}:
        return number_column.judged(name, numbers_of(parts), source, look=look, alike=alike(parts) if look else None)
    if "date" in kinds:
        if kinds == {"date"}:
            odd = _far_dates(parts)
            seen = f"Column {name!r} has dates, and {odd} many years from all others among them"
            dates = ColumnForm(kind="date")
            return Judged(dates, seen, "date", "empty these cells in the files") if odd else Judged(dates)
        form = _declared(name, parts, ColumnRead(kind="date"), strictly=False)
        if "number" in kinds and not _are_dates(parts):  # days that a spreadsheet counts are no seconds since 1970
            form = Judged(None)
        seen = f"Column {name!r} has dates in one file and something else in another"
        return form if form.form is not None else Judged(None, seen, "ignore", "write it in one way in the files")
    if "category" in kinds:
        return Judged(ColumnForm(kind="category", written="a category in the file") if kinds == {"category"} else CATEGORY)
    counts = counted(parts)
    typed = all(cells.typed for cells in parts.values())
    found = text_column.judged(name, counts, typed=typed, mixed=bool(kinds & {"number", "truth"}))
    if look and found.seen is None and found.form is not None and found.form.kind == "category":
        found = _of_label(name, None if source is None else parts.get(source.name), source) or found
    return found


def _far_dates(parts: Mapping[str, Cells]) -> str:
    """Dates far from all others that perhaps stand for none."""
    days = {day for cells in parts.values() for day in cells.column.dropna().dt.strftime("%Y-%m-%d").unique()}
    return " and ".join(map(repr, far_away(sorted(days), "ymd"))) if days else ""


def _of_label(name: str, cells: Cells | None, source: Domain | None) -> Judged | None:
    """A category that tells the label."""
    if cells is None or source is None or source.y is None:
        return None
    place, known = cells.coded
    if len(known) > 2 * len(source.classes):
        return None
    if not number_column.tells(number_column.crossed(place, source.y, len(known), len(source.classes))):
        return None
    return Judged(CATEGORY, f"Column {name!r} tells the label of every row of the source", "ignore", "`category`")


def _declared(name: str, parts: Mapping[str, Cells], said: ColumnRead, *, strictly: bool = True) -> Judged:
    """How a column is read as the config says."""
    if said.kind == "ignore":
        return Judged(None)
    if said.kind in ("category", "text"):
        return Judged(ColumnForm(kind=said.kind))
    kinds = {cells.type for cells in parts.values()} - {"none"}
    texts = list(counted({domain: cells for domain, cells in parts.items() if cells.type == "text"}))
    problem: str | None = None
    form = ColumnForm(kind="number")
    if kinds & {"nested", "bytes"} or ("date" in kinds and said.kind != "date"):
        problem = "lists" if "nested" in kinds else "bytes that are no text" if "bytes" in kinds else "dates"
    elif texts:
        found = text_column.declared(said, texts)
        form, problem = (form, repr(found)) if isinstance(found, str) else (found, None)
    if problem is not None:
        if not strictly:
            return Judged(None)
        raise DataError(
            f"column {name}",
            expected=f"{'dates' if said.kind == 'date' else said.kind + 's'}, as data.columns says",
            got=problem,
            fix=f"correct data.columns.{name}, or name what means no value there as `missing`",
        )
    if said.kind == "date":
        if not texts:
            form = ColumnForm(kind="date", **_date_in_numbers(parts))
        return Judged(form)
    gone = numbers_among(said.missing)
    values = [cells for cells in numbers_of(parts).values() if len(cells)]
    exact = said.kind == "number" and any(
        number_column.judged("", {"": cells}, None, look=False).form != number_column.NUMBER for cells in values
    )
    written = form.written or (f"{', '.join(said.missing)} for no value" if gone else "")
    return Judged(form.model_copy(update={"gone": gone, "exact": exact, "written": written}))


def _date_in_numbers(parts: Mapping[str, Cells]) -> dict[str, Any]:
    every = np.abs(_finite(parts))
    if not len(every):
        return {}
    largest = float(every.max())
    if every.min() >= DAYS_IN_DIGITS[0] and largest <= DAYS_IN_DIGITS[1]:
        return {"written": "year, month, day without signs between"}
    unit = next((unit for least, unit in _EPOCHS if largest >= least), 1.0)
    return {"unit": unit, "written": "seconds since 1970" if unit == 1.0 else f"steps of {unit:g} seconds since 1970"}


def _are_dates(parts: Mapping[str, Cells]) -> bool:
    """Whether all numbers may be dates: days in digits, or steps since 1970 that are no days of 1970 themselves."""
    every, (first, last) = _finite(parts), DAYS_IN_DIGITS
    return not len(every) or bool(every.min() >= _OLDEST or ((every >= first) & (every <= last)).all())


def _finite(parts: Mapping[str, Cells]) -> npt.NDArray[np.float64]:
    """The numbers of all parts that have some, without gaps."""
    return np.concatenate([np.zeros(0), *(values[np.isfinite(values)] for values in numbers_of(parts).values())])


def refuse_unknown(said: Mapping[str, ColumnRead], features: Collection[str]) -> None:
    """Refuse what a config says of columns that are no features.

    Raises:
        DataError: naming the first.
    """
    for name in said:
        if name not in features:
            close = difflib.get_close_matches(name, features, n=1)
            raise DataError(
                "data.columns",
                expected=f"features of the table: {', '.join(list(features)[:8])}",
                got=name,
                fix=f"did you mean {close[0]!r}?" if close else "remove it; label, group, time, id and keep are no features",
            )


def _nothing_left(questions: list[Question], domain: Domain) -> DataError:
    fix = f"say what they are: {answers(questions, {}, {}, ())[0]}" if questions else "give it features"
    shown = " ".join(question.sentence for question in questions) or "every column left out"
    return DataError(domain.name, expected="a feature that can be read", got=shown.rstrip("."), fix=fix)
