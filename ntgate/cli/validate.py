"""``ntgate validate``: is this config, with these data, fit to run?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json

if TYPE_CHECKING:
    from ntgate.data.column_seen import CellsSeen, Reading
    from ntgate.stages.check import Checked, PartSeen

_MOST = 12  # classes listed one by one
_MOST_COLUMNS = 60


@click.command(short_help="Check config, data, backbone and registry.")
@with_config
@with_json
def validate(config: str, overrides: tuple[str, ...], as_json: bool) -> int:
    """Check all that a run needs, and say everything that is wrong at once; no run is begun.

    Looked at are the config, the data, whether the backbone takes the rows, the registry, its artifact store (a byte is written,
    read and deleted), the ledger, and whether a candidate could be compared with the champion.
    """
    from ntgate.config_file import load
    from ntgate.flow import check

    checked = check(load(config, overrides))
    if as_json:
        rows = {name: part.rows for name, part in checked.parts.items()}
        console.answer({"schema": 1, "valid": True, "rows": rows, **checked.model_dump(mode="json")})
    else:
        console.answer("\n".join([f"{config} is valid", *_lines(checked)]))
    return 0


def _lines(checked: Checked) -> list[str]:
    width = max(map(len, checked.parts))
    lines = [f"  {name:{width}}  {_described(part)}" for name, part in checked.parts.items()]
    leakage = checked.leakage
    for what, parts in (("group", leakage.groups), ("time order", leakage.times)):
        if parts:
            lines.append(f"  No {what} is broken between the test rows and {', '.join(parts)}.")
    lines += [f"  {sentence}" for sentence in (checked.loaded.sentences if checked.loaded is not None else ())]
    lines += columns_read(checked.reading)
    wear = "The ledger of worn test rows does not answer." if checked.wear is None else checked.wear.reason
    lines += [f"  {leakage.sentence}", f"  {wear}", f"  {checked.power.sentence}"]
    return [*lines, *asked(checked.reading)]


def columns_read(reading: Reading) -> list[str]:
    """How each column is read, in a table with the domains side by side."""
    columns = reading.columns[:_MOST_COLUMNS]
    if not columns:
        return []
    domains = list(dict.fromkeys(domain for column in columns for domain in column.cells))
    rows = [["column", "read as", *domains]]
    for column in columns:
        mark = "?" if column.asked else "" if not column.said else ", as the config says"
        kind = ", ".join(filter(None, (column.kind, column.written))) + mark
        rows.append([column.name, kind, *(_cells(column.cells.get(domain)) for domain in domains)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if len(reading.columns) > len(columns):
        lines.append(f"  and {len(reading.columns) - len(columns):,} columns more")
    return lines


def asked(reading: Reading) -> list[str]:
    """What has to be known of the files, and what has to be said of them before a model is promoted."""
    lines = [f"  {note}" for note in reading.notes]
    if reading.questions:
        lines.append("  Nothing is promoted before the config says:")
        lines += [f"    {question.sentence}" for question in reading.questions[:_MOST_COLUMNS]]
        lines.append("  All of it as is likeliest, to be pasted below data:")
        lines += [f"  {line}" for line in reading.answers]
    return lines


def _cells(seen: CellsSeen | None) -> str:
    if seen is None:
        return "not there"
    missing = f", {seen.missing:,} missing" if seen.missing else ""
    return f"{seen.distinct:,} different{missing}" + (f": {seen.range}" if seen.range else "")


def _described(part: PartSeen) -> str:
    text = f"{part.rows} rows"
    if part.labels is not None:
        shown = list(part.labels.items())[:_MOST]
        more = f", and {len(part.labels) - _MOST} classes more" if len(part.labels) > _MOST else ""
        text += ": " + ", ".join(f"{count} {name}" for name, count in shown) + more
    if part.groups is not None:
        text += f"; {part.groups} groups"
    if part.times is not None:
        text += f"; times {part.times[0]:.15g} to {part.times[1]:.15g}"
    return f"{text}; {part.read_as}" if part.read_as else text
