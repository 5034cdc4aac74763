"""``ntgate plan``: which strategies, and why."""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json, with_quiet


@click.command(short_help="Show what a run would train, and why.")
@with_config
@with_quiet
@with_json
def plan(config: str, overrides: tuple[str, ...], quiet: bool, as_json: bool) -> int:
    """Show which strategies a run would train, in which order, why, and with which budget."""
    from ntgate.cli.progress import listener
    from ntgate.config_file import load
    from ntgate.flow import plan as make_plan
    from ntgate.stages.open_rows import preview
    from ntgate.stages.worn import what_is_left

    settings = load(config, overrides)
    with listener(quiet=quiet) as listening:
        ingested, made = make_plan(settings, listener=listening)
    left = preview(settings, ingested.part(ingested.judged), ingested.leakage)
    seen = what_is_left(settings, left, ingested.rows[ingested.judged])
    steps = settings.training.target_steps(ingested.rows["train"])
    if as_json:
        rows = [{"strategy": r.strategy.kind, "reason": r.reason, "suitable": r.suitable, "seconds": r.seconds} for r in made.rows]
        console.answer(
            {
                "schema": 1,
                "plan": rows,
                "steps": steps,
                "scratch_seconds": made.scratch_seconds,
                "rows": ingested.rows,
                "power": seen.model_dump(mode="json"),
                "wear": None if left is None else left.model_dump(mode="json"),
            }
        )
        return 0
    lines = [f"  {i}. {row.strategy.kind:<20} {_seconds(row.seconds):>8}  {row.reason}" for i, row in enumerate(made.rows, start=1)]
    learners = ", ".join(learner.kind for learner in settings.scratch)
    lines += [
        f"  +  {'scratch':<20} {_seconds(made.scratch_seconds):>8}  always, with the same budget: {learners}",
        f"     at most {steps} steps a network; the candidate is the committee of all arms"
        if settings.committee is not None
        else f"     at most {steps} steps a network; the candidate is the best arm on rows held out",
        "",
        f"  {'The ledger of worn test rows does not answer.' if left is None else left.reason}",
        f"  {seen.sentence}",
    ]
    console.answer("\n" + "\n".join(lines))
    return 0


def _seconds(takes: float | None) -> str:
    return "?" if takes is None else f"{max(1, round(takes))} s"
