"""``ntgate drift``: the shift alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json

if TYPE_CHECKING:
    from ntgate.stages.drift_check import DriftCheck

EXIT = {"none": 0, "tolerated": 0, "shift": 3}


@click.command(short_help="Measure the shift alone.")
@with_config
@click.option("--zenml", is_flag=True, help="Run pipelines/drift_check.py on the active ZenML stack.")
@with_json
def drift(config: str, overrides: tuple[str, ...], zenml: bool, as_json: bool) -> int:
    """Measure how far the target has moved from the source, and exit with 3 when it has moved too far.

    Too far is a significant shift (shift.alpha) with an effect size above shift.tolerated_effect; 0 means no shift shown, or a
    tolerated one. Labels of the target are not looked at, and data.target_test is not read.

    A table is measured on its columns, and nothing is trained. Arrays and images are measured on the embedding of
    model.source_checkpoint, such as the models/source.safetensors of an earlier run; without one the source backbone is
    trained. A scheduler retrains on a shift with: ntgate drift CONFIG; test $? -eq 3 && ntgate run CONFIG
    """
    from ntgate.config import load

    settings = load(config, overrides)
    if zenml:
        from ntgate.cli.orchestrated import run_drift_check

        checked = run_drift_check(settings, config)
    else:
        from ntgate.cli.progress import listener
        from ntgate.flow import drift as measure_drift

        with listener() as listening:
            checked = measure_drift(settings, listener=listening)
    console.answer(checked.as_json() if as_json else summary(checked))
    return EXIT[checked.shift.outcome]


def summary(checked: DriftCheck) -> str:
    """The answer for people."""
    shift = checked.shift
    text, colour = {
        "none": ("✔ NO SHIFT SHOWN", "green"),
        "tolerated": ("✔ TOLERATED", "green"),
        "shift": ("✘ SHIFT", "red"),
    }[shift.outcome]
    where = {"raw": "raw features", "embedding": "embedding"}[shift.representation]
    low, high = shift.proxy_a_distance_interval
    return (
        f"\n{click.style(text, fg=colour, bold=True)}  {shift.sentence}\n\n"
        f"  MMD^2              {shift.mmd2:+.5f}   (p = {shift.p_value:.4g})\n"
        f"  effect size        {shift.effect_size:.3g}   [{shift.effect_interval[0]:.3g}, {shift.effect_interval[1]:.3g}], "
        f"tolerated up to {shift.tolerated_effect:.3g}\n"
        f"  proxy A-distance   {shift.proxy_a_distance:.3f}   [{low:.3f}, {high:.3f}]\n"
        f"  rows               {shift.n_source} source, {shift.n_target} target, on the {where}\n"
        f"  report             {checked.report}"
    )
