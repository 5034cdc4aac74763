"""``ntgate judge``: the verdict from labels that were asked for."""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.options import with_json
from ntgate.cli.run import EXIT, verdict


@click.command(short_help="Decide by labels that were asked for, and promote what passed.")
@click.argument("run", type=click.Path())
@click.option("--labels", multiple=True, help="The filled-in table, or an export of Label Studio; may be given in batches.")
@click.option("--dry-run", is_flag=True, help="Take the labels, but write nothing to the registry.")
@click.option("--uri", envvar="MLFLOW_TRACKING_URI", help="The registry, where it is not that of the run's config.")
@click.option("--own", is_flag=True, help="Import the classes of one's own that the run's config names.")
@with_json
def judge(run: str, labels: tuple[str, ...], dry_run: bool, uri: str | None, own: bool, as_json: bool) -> int:
    """Decide an inconclusive run by the labels that `ntgate ask` asked for, and promote what passes every rule.

    RUN is the folder of the run. Labels may come in batches; the same labels again are the same answer, for nothing.
    """
    from ntgate.stages.frozen_run import frozen_run
    from ntgate.stages.judge import judge as judge_of

    result = judge_of(frozen_run(run, uri, own=own), labels, dry_run=dry_run)
    console.answer(result.as_json() if as_json else "\n".join(verdict(result)))
    return EXIT[result.outcome]
