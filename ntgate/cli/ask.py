"""``ntgate ask``: the rows whose labels decide."""

from __future__ import annotations

from pathlib import Path

import click

from ntgate.cli import console
from ntgate.cli.options import with_json

NOTHING = 4  # no label of this pool can change the verdict: it stays inconclusive


@click.command(short_help="Name the rows whose labels decide an inconclusive run.")
@click.argument("run", type=click.Path())
@click.option("--rows", required=True, help="The pool: target rows without labels, in the target's format; a path or URI.")
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    help="How many labels; else as many as show the gain with power 0.8, or all where further rules need them.",
)
@click.option("--out", type=click.Path(), help="The table to fill in, .csv or .parquet; else asked.csv in the run's folder.")
@click.option("--uri", envvar="MLFLOW_TRACKING_URI", help="The registry, where it is not that of the run's config.")
@click.option("--own", is_flag=True, help="Import the classes of one's own that the run's config names.")
@with_json
def ask(run: str, rows: str, budget: int | None, out: str | None, uri: str | None, own: bool, as_json: bool) -> int:
    """Name the rows of a pool whose labels decide an inconclusive run, and write them for labellers.

    RUN is the folder of the run. Where candidate and scratch say the same, the label cannot matter: only rows on which they
    disagree are asked for, in a random order that cannot be drawn again, and without the models' answers. Beside the table stand
    tasks for Label Studio with its labelling interface.
    """
    from ntgate.stages.ask import ask as ask_of
    from ntgate.stages.frozen_run import frozen_run

    found = ask_of(frozen_run(run, uri, own=own), rows, budget, None if out is None else Path(out))
    if as_json:
        console.answer({"schema": 1, "sentence": found.sentence, **found.model_dump(mode="json")})
    else:
        lines = ["", found.sentence, "", *(f"  {name:<10} {path}" for name, path in found.files.items())]
        console.answer("\n".join([*lines, *([f"  next       {found.next}"] if found.asked else [])]))
    return 0 if found.asked else NOTHING
