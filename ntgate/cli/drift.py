"""``ntgate drift``: the shift alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json, with_quiet

if TYPE_CHECKING:
    from ntgate.config import RunConfig
    from ntgate.shift.report import ShiftReport
    from ntgate.shift.streamed.table_shift import TableShift
    from ntgate.stages.drift_check import DriftCheck

EXIT = {"none": 0, "tolerated": 0, "shift": 3}
MARK = {"none": ("✔ NO SHIFT SHOWN", "green"), "tolerated": ("✔ TOLERATED", "green"), "shift": ("✘ SHIFT", "red")}

_NAMED = 10  # moved features


@click.command(short_help="Measure the shift alone.")
@with_config
@click.option("--zenml", is_flag=True, help="Run pipelines/drift_check.py on the active ZenML stack.")
@click.option(
    "--workers",
    metavar="N|ADDRESS",
    help="Tables larger than this machine: measured by N Dask processes, or by the cluster of that scheduler.",
)
@with_quiet
@with_json
def drift(config: str, overrides: tuple[str, ...], zenml: bool, workers: str | None, quiet: bool, as_json: bool) -> int:
    """Measure how far the target has moved from the source, and exit with 3 when it has moved too far.

    Too far is a significant shift (shift.alpha) with an effect size above shift.tolerated_effect, of all features together or of
    one; 0 means no shift shown, or a tolerated one. Labels of the target are not looked at, and data.target_test is not read.

    A table is measured on its columns, and nothing is trained. Arrays and images are measured on the embedding of
    model.source_checkpoint, such as the models/source.safetensors of an earlier run; without one the source backbone is
    trained.

    With --workers both domains are tables of numbers in parquet (files, folders, part-*.parquet; here or s3://). They are never
    in one memory: beyond shift.max_rows all rows are tested by random features and nothing is sampled. Of data.columns they take
    ignore, and number or boolean with the numbers that mean no value. The verdict is found by the same rule; no page is written.

    A scheduler retrains on a shift with: ntgate drift CONFIG; test $? -eq 3 && ntgate run CONFIG
    """
    from ntgate.config_file import load

    settings = load(config, overrides)
    if workers is not None:
        if zenml:
            raise click.UsageError("--zenml and --workers exclude each other")
        return by_workers(settings, workers, as_json)
    if zenml:
        from ntgate.cli.orchestrated import run_drift_check

        checked = run_drift_check(settings, config)
    else:
        from ntgate.cli.progress import listener
        from ntgate.flow import drift as measure_drift

        with listener(quiet=quiet) as listening:
            checked = measure_drift(settings, listener=listening)
    console.answer(checked.as_json() if as_json else check_summary(checked))
    return EXIT[checked.shift.outcome]


def by_workers(settings: RunConfig, wanted: str, as_json: bool) -> int:
    """The drift check of tables that lie in parquet, by Dask's workers."""
    from ntgate.distributed import workers
    from ntgate.environment_references import filled_in
    from ntgate.errors import ConfigError
    from ntgate.shift.streamed.table_shift import table_shift

    if settings.data.source is None:
        raise ConfigError("data.source", expected="source rows in parquet, for --workers", got="none", fix="add 'source'")
    specs = filled_in(settings.data.source, "data.source.path"), filled_in(settings.data.target, "data.target.path")
    if any(spec.reader is not None for spec in specs):
        raise ConfigError("data", expected="parquet without a reader, for --workers", got="a reader", fix="leave out one of them")
    others = {name for spec in specs for name in (spec.label, spec.group, spec.time, spec.id, *spec.drop, *spec.keep) if name}
    about: dict[str, Any] = {"without": sorted(others), "columns": settings.data.columns, "seed": settings.seed}
    with workers(wanted) as engine:
        found = table_shift(specs[0].path, specs[1].path, settings.shift, engine=engine, **about)
    console.answer(found.as_json() if as_json else table_summary(found))
    return EXIT[found.outcome]


def table_summary(found: TableShift) -> str:
    """The answer for people."""
    return summary(found.shift, f"{len(found.features)} columns")


def check_summary(checked: DriftCheck) -> str:
    """The answer for people, with the page."""
    where = {"raw": "on the raw features", "embedding": "on the embedding"}[checked.shift.representation]
    return f"{summary(checked.shift, where)}\n  report             {checked.report.path}"


def summary(shift: ShiftReport, where: str) -> str:
    """What was measured, for people."""
    text, colour = MARK[shift.outcome]
    low, high = shift.proxy_a_distance_interval
    lines = [
        f"\n{console.style(text, fg=colour, bold=True)}  {shift.sentence}\n",
        f"  MMD^2              {shift.mmd2:+.5f}   (p = {shift.p_value:.4g})",
        f"  effect size        {shift.effect_size:.3g}   [{shift.effect_interval[0]:.3g}, {shift.effect_interval[1]:.3g}], "
        f"tolerated up to {shift.tolerated_effect:.3g}",
        f"  proxy A-distance   {shift.proxy_a_distance:.3f}   [{low:.3f}, {high:.3f}]",
        f"  rows               {shift.n_source:,} source, {shift.n_target:,} target, {where}",
    ]
    if shift.features_tested:
        moved = f"{shift.features_moved} of {shift.features_tested} shown to have moved by themselves"
        lines.append(f"  features           {moved}, between 0 (alike) and 1 (apart)")
    named = shift.moved[:_NAMED]
    width = max([16, *(len(feature.name) for feature in named)])
    lines += [
        f"    {feature.name:<{width}} moved by {feature.effect:.3f}   (adjusted p = {feature.p_value:.4g})" for feature in named
    ]
    if shift.features_moved > len(named):
        lines.append(f"    and {shift.features_moved - len(named)} more")
    return "\n".join([*lines, *(f"  note: {note}" for note in shift.notes)])
