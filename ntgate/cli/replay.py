"""``ntgate replay``: whether a decision comes out the same from what it was made of."""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.finished import finished, with_uri
from ntgate.cli.options import with_json

DIFFERS = 3


@click.command(short_help="Work a decision out again from its stored scores.")
@click.argument("run", type=click.Path())
@with_uri
@click.option("--own", is_flag=True, help="Import the rules and the metric of one's own that the decision names.")
@with_json
def replay(run: str, uri: str | None, own: bool, as_json: bool) -> int:
    """Work the decision of a finished run out again, by the rules of this ntgate, from the scores that were judged.

    RUN is a run's folder, its decision.json, or the id of its MLflow run. No model is asked, and no test row is worn. Exit 3
    when anything differs.
    """
    from ntgate.stages.replay import replay as work_out

    with finished(run, uri, "replay") as folder:
        made = work_out(folder, own=own)
    if as_json:
        console.answer({"schema": 1, "run": run, **made.model_dump(mode="json")})
    elif made.identical:
        console.answer(f"identical: {made.now}, from the scores of {made.rows} test rows. {made.sentence}")
    else:
        by = "" if made.ntgate is None else f" by ntgate {made.ntgate}"
        first = f"different: the decision was {made.stored}{by}, and is {made.now}."
        console.answer("\n".join([first, *(f"  {difference}" for difference in made.differences)]))
    return 0 if made.identical else DIFFERS
