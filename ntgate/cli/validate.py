"""``ntgate validate``: is this config, with these data, fit to run?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json

if TYPE_CHECKING:
    from ntgate.stages.check import Checked, PartSeen

_MOST = 12  # classes listed one by one


@click.command(short_help="Check config, data, backbone and registry.")
@with_config
@with_json
def validate(config: str, overrides: tuple[str, ...], as_json: bool) -> int:
    """Check all that a run needs, and say everything that is wrong at once; no run is begun.

    Looked at are the config, the data, whether the backbone takes the rows, the registry, its artifact store (a byte is written,
    read and deleted), the ledger, and whether a candidate could be compared with the champion.
    """
    from ntgate.config import load
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
    wear = "The ledger of worn test rows does not answer." if checked.wear is None else checked.wear.reason
    return [*lines, f"  {leakage.sentence}", f"  {wear}", f"  {checked.power.sentence}"]


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
