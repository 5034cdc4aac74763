"""``ntgate drift``: the shift alone."""

from __future__ import annotations

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json


@click.command(short_help="Measure the shift alone.")
@with_config
@with_json
def drift(config: str, overrides: tuple[str, ...], as_json: bool) -> int:
    """Measure how far the target has moved from the source; nothing is trained but the source backbone."""
    from ntgate.cli.progress import listener
    from ntgate.config import load
    from ntgate.flow import drift as measure_drift

    settings = load(config, overrides)
    with listener() as listening:
        ingested, shift, page = measure_drift(settings, listener=listening)
    if as_json:
        console.answer(
            {"schema": 1, "shift": shift.model_dump(mode="json"), "report": str(page), "directory": ingested.directory}
        )
        return 0
    low, high = shift.proxy_a_distance_interval
    console.answer(
        f"\n{shift.sentence}\n\n"
        f"  MMD^2              {shift.mmd2:+.5f}   (p = {shift.p_value:.4g})\n"
        f"  effect size        {shift.effect_size:.3f}\n"
        f"  proxy A-distance   {shift.proxy_a_distance:.3f}   [{low:.3f}, {high:.3f}]\n"
        f"  rows               {shift.n_source} source, {shift.n_target} target, on the {shift.representation}\n"
        f"  report             {page}"
    )
    return 0
