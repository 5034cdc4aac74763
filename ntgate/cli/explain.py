"""``ntgate explain``: the story of a run in the terminal."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.finished import answered, finished, read, with_uri
from ntgate.cli.options import with_json

if TYPE_CHECKING:
    from ntgate.report.content import RunReport
    from ntgate.report.story import Story

_WIDEST = 110


@click.command(short_help="Tell what a run did, why, and what to do now.")
@click.argument("run", type=click.Path())
@with_uri
@with_json
def explain(run: str, uri: str | None, as_json: bool) -> int:
    """Tell the story of a finished run: what data, how far it moved, what was trained, what won, how sure, why, what to do.

    RUN is a run's folder, its decision.json, or the id of its MLflow run.
    """
    from ntgate.report.story import story

    with finished(run, uri, "explain") as folder:
        report = told(folder, run)
        content = story(report)
    if as_json:
        parts = {heading: list(lines) for heading, lines in content}
        console.answer({"schema": 1, "run": run, "outcome": report.outcome, "sentence": report.sentence, "story": parts})
    else:
        console.answer(_page(report, content))
    return 0


def told(folder: Path, run: str) -> RunReport:
    """All that the files in a run's ``folder`` tell."""
    from ntgate.report.content import RunReport
    from ntgate.stages.run_file import RUN_FILE

    result, decision = answered(folder, run), read(folder, "decision.json", run)
    prints = result["data"].get("fingerprints", {})
    began = read(folder, RUN_FILE, run)["began"] if (folder / RUN_FILE).is_file() else None
    return RunReport.of(
        result,
        model=result["registry"]["name"],
        margin=decision["decision"]["margin"],
        config=decision["config"],
        baseline=result["registry"]["baseline"] is not None,
        created=began and f"{began[:16].replace('T', ' ')} UTC",
        data=[{"name": name, "rows": n, "fingerprint": prints.get(name)} for name, n in result["data"]["rows"].items()],
    )


def _page(report: RunReport, content: Story) -> str:
    from ntgate.cli.run import marked

    wide = min(_WIDEST, shutil.get_terminal_size().columns)
    mark = marked(report.outcome, unchanged=report.registry is not None and report.registry.unchanged)
    lines = [f"{mark}  {', '.join(part for part in (report.model, report.created) if part)}"]
    for heading, sentences in content:
        lines.append("")
        for number, sentence in enumerate(sentences):
            before = console.style(f"{heading:<9}", bold=True) if number == 0 else " " * 9
            text = textwrap.wrap(sentence, wide - 10, break_long_words=False, break_on_hyphens=False)
            lines += [f"{before} {text[0]}", *(f"{'':<11}{more}" for more in text[1:])]
    return "\n".join(lines)
