"""``ntgate run``: the whole job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json, with_quiet

if TYPE_CHECKING:
    from ntgate.stages.result import RunResult

EXIT = {"promoted": 0, "rejected": 3, "inconclusive": 4, "approval_wanted": 7}


@click.command(short_help="Measure, train, judge, promote.")
@with_config
@click.option("--inline", is_flag=True, help="The same flow in this process, without ZenML.")
@click.option("--quick", is_flag=True, help="A first look: fewer strategies and folds, one seed; the same gate.")
@click.option("--dry-run", is_flag=True, help="Everything but writing to the registry.")
@click.option("--allow-first", is_flag=True, help="Promote without a comparison with the champion where it was deleted.")
@click.option("--force", is_flag=True, help="Train although the test rows are worn out and nothing new can be promoted.")
@with_quiet
@with_json
def run(
    config: str,
    overrides: tuple[str, ...],
    inline: bool,
    quick: bool,
    dry_run: bool,
    allow_first: bool,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Measure the shift, train, judge, and promote what beats training from scratch.

    CONFIG is a YAML or JSON file. Without --inline the pipeline runs on the active ZenML stack: that of the project around
    CONFIG or the working directory, and ntgate's own where there is none.
    """
    from ntgate.cli.progress import listener
    from ntgate.config_file import load
    from ntgate.registry import standing

    settings = load(config, (*overrides, "quick=true") if quick else overrides)
    if inline:
        from ntgate.flow import run as run_inline

        with listener(quiet=quiet) as listening:
            result = run_inline(settings, dry_run=dry_run, allow_first=allow_first, force=force, listener=listening, helped=True)
    else:
        from ntgate.cli.orchestrated import run_pipeline

        result = run_pipeline(settings, config, dry_run=dry_run, allow_first=allow_first, force=force)
        standing.forget()
        if result.outcome == "promoted" and result.registry["version"] is not None:  # the step read the alias back
            standing.champion_is(settings.model.name, str(result.registry["version"]))
    brief = f"{marked(result.outcome, unchanged=result.registry['unchanged'])}  {result.sentence}"
    console.answer(result.as_json() if as_json else brief if quiet else summary(result))
    return EXIT[result.outcome]


def marked(outcome: str, *, unchanged: bool = False) -> str:
    """The outcome as people see it first."""
    marks = {
        "promoted": ("✔ PROMOTED", "green"),
        "rejected": ("✘ REJECTED", "red"),
        "inconclusive": ("? INCONCLUSIVE", "yellow"),
        "approval_wanted": ("… APPROVAL WANTED", "yellow"),
    }
    text, colour = ("✔ UNCHANGED", "green") if unchanged else marks[outcome]
    return console.style(text, fg=colour, bold=True)


def summary(result: RunResult) -> str:
    """The answer for people."""
    table = _table(
        ("  strategy", f"validation {result.metric}", "seconds", "why"),
        [
            (
                f"* {row.strategy}"
                if result.candidate is not None and row.strategy == result.candidate.strategy
                else f"  {row.strategy}",
                "-" if row.validation is None else f"{row.validation:.3f}",
                f"{row.seconds:.1f}" if row.trained else "-",
                row.reason,
            )
            for row in result.plan
        ],
    )
    head, body = verdict(result)[:3], verdict(result)[3:]
    chosen = [] if result.candidate is None else ["  * the candidate"]
    return "\n".join([*head, *table, *chosen, "", *body])


def verdict(result: RunResult) -> list[str]:
    """The verdict for people, line by line: its sentence, every rule, and where the model went."""
    lines = ["", f"{marked(result.outcome, unchanged=result.registry['unchanged'])}  {result.sentence}", ""]
    for finding in result.findings:
        sign = {"pass": console.style("pass", fg="green"), "fail": console.style("FAIL", fg="red")}.get(
            finding.outcome, console.style(finding.outcome, fg="yellow")
        )
        reason = console.style(finding.reason, fg="red") if finding.warning else finding.reason
        lines.append(f"  {sign}  {finding.rule}: {reason}")
    lines.append("")
    if result.compression is not None:
        before, after = result.compression.before, result.compression.after
        lines.append(
            f"  {', '.join(result.compression.methods)}: {before.bytes:,} to {after.bytes:,} bytes, "
            f"{before.latency_1:.1f} to {after.latency_1:.1f} µs for one row, {before.latency_64:.1f} to "
            f"{after.latency_64:.1f} µs for 64"
        )
    if result.registry["version"] is not None:
        lines.append(f"  version   {result.registry['name']} v{result.registry['version']}, alias {result.registry['alias']}")
    if (waiting := result.registry["approval"]) is not None and waiting["version"] is not None:
        lines.append(f"  waiting   {result.registry['name']} v{waiting['version']}, alias {waiting['alias']}")
    if result.registry["baseline"] is not None and result.registry["version"] is None:
        lines.append(f"  baseline  to serve without a champion: models:/{result.registry['name']}@baseline")
    lines += [f"  {key[:8]:<9} {result.registry[key]}" for key in ("page", "baseline_fault") if result.registry[key]]
    if result.quick:
        lines.append(f"  quick     {result.quick}")
    if result.dry_run:
        lines.append("  dry run   nothing was written to the registry")
    lines += [f"  {name:<9} {page.path}" for name, page in result.reports.items()]
    if result.labels.get("next"):
        lines.append(f"  next      {result.labels['next']}")
    elif waiting is not None and waiting["next"]:
        lines.append(f"  next      {waiting['next']}")
    return lines


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header) - 1)]

    def line(row: tuple[str, ...]) -> str:
        return "  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])

    return [console.style(line(header), bold=True), *map(line, rows)]
