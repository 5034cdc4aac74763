"""``ntgate report``: where a run's report lies."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ntgate.cli import console
from ntgate.cli.options import with_json
from ntgate.errors import ConfigError

REPORT = "report.html"


@click.command(short_help="Show where a run's report lies.")
@click.argument("run", type=click.Path())
@click.option("--uri", envvar="MLFLOW_TRACKING_URI", help="The registry of a run id; else MLFLOW_TRACKING_URI.")
@click.option("--to", default=".", show_default=True, help="Where the pages of a run id are downloaded to.")
@with_json
def report(run: str, uri: str | None, to: str, as_json: bool) -> int:
    """Show where the pages of a finished run lie, the report first.

    RUN is a run's folder, or the id of its MLflow run, whose pages are then downloaded into a folder of that name.
    """
    pages = sorted(_pages(run, uri, Path(to)), key=lambda page: (page.name != REPORT, page.name))
    if as_json:
        console.answer({"schema": 1, "run": run, "reports": {page.stem: str(page) for page in pages}})
    else:
        console.answer("\n".join(str(page) for page in pages))
    return 0


def _pages(run: str, uri: str | None, to: Path) -> list[Path]:
    from ntgate.stages.run_file import refuse_newer

    folder = Path(run)
    if os.path.isdir(run):  # which takes a name that is too long for one of nothing
        refuse_newer(folder)
        pages = list(folder.resolve().glob("*.html"))
        if not any(page.name == REPORT for page in pages):
            raise ConfigError(
                run, expected=f"the folder of a finished run, with {REPORT}", got="a folder without", fix="correct it"
            )
        return pages
    if uri is None:
        raise ConfigError(
            run, expected="a run's folder, or a run id with --uri", got="no such folder", fix="correct it, or add --uri"
        )
    from ntgate.cli.registry import existing
    from ntgate.registry.run_pages import fetch_pages

    return fetch_pages(existing("report", uri), run, (to / run).resolve())
