"""``ntgate compare``: what differs between two runs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from ntgate.cli import console
from ntgate.cli.finished import answered, finished, read, with_uri
from ntgate.cli.options import with_json

if TYPE_CHECKING:
    from ntgate.stages.compare import Difference

_LONGEST = 44


@click.command(short_help="Show what differs between two runs.")
@click.argument("first", type=click.Path())
@click.argument("second", type=click.Path())
@with_uri
@with_json
def compare(first: str, second: str, uri: str | None, as_json: bool) -> int:
    """Show what differs between two finished runs: config, data, shift, arms, verdict.

    FIRST and SECOND are runs' folders, their decision.json, or ids of MLflow runs.
    """
    from ntgate.stages.compare import compare as differences

    told: list[tuple[dict[str, Any], Any]] = []
    with ExitStack() as opened:
        for run in (first, second):
            folder = opened.enter_context(finished(run, uri, "compare"))
            told.append((answered(folder, run), read(folder, "decision.json", run)["config"]))
        differ = differences((told[0][0], told[1][0]), (told[0][1], told[1][1]))
    if as_json:
        console.answer({"schema": 1, "runs": [first, second], "differences": [one.model_dump() for one in differ]})
    else:
        console.answer("\n".join(_table(differ)) if differ else "nothing differs")
    return 0


def _table(differ: tuple[Difference, ...]) -> list[str]:
    shown = [(one.name, *map(_shown, one.values)) for one in differ]
    wide = [max(len(row[column]) for row in (*shown, ("", "first", "second"))) for column in (0, 1)]
    lines = [console.style(f"  {'':<{wide[0]}}  {'first':<{wide[1]}}  second", bold=True)]
    about = ""
    for one, (name, before, after) in zip(differ, shown, strict=True):
        if one.about != about:
            about = one.about
            lines += ["", console.style(about, bold=True)]
        lines.append(f"  {name:<{wide[0]}}  {before:<{wide[1]}}  {after}")
    return lines


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    listed = f"[{', '.join(map(_shown, value))}]" if isinstance(value, list) else None
    text = "-" if value is None else listed or str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
