"""``ntgate schedule``: runs by the clock."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json
from ntgate.errors import ConfigError

if TYPE_CHECKING:
    from ntgate.scheduling.job import Job
    from ntgate.scheduling.place import Place


@click.command(short_help="Run by the clock.")
@with_config
@click.option("--cron", "expression", metavar="EXPRESSION", help="When, in five cron fields: '17 3 * * 1'.")
@click.option("--drift-first", is_flag=True, help="Check for drift, and run only where a shift is shown.")
@click.option("--inline", is_flag=True, help="The scheduled runs do without ZenML.")
@click.option(
    "--with",
    "chosen",
    type=click.Choice(["auto", "systemd", "cron", "zenml"]),
    default="auto",
    show_default=True,
    help="A timer of systemd's user manager, a line in the crontab, or a schedule of the active ZenML stack.",
)
@click.option("--environment", type=click.Path(path_type=Path), help="File of NAME=value lines; else CONFIG's name with .env.")
@click.option("--print", "--dry-run", "show", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--replace", is_flag=True, help="Replace a schedule of this config that differs.")
@click.option("--remove", is_flag=True, help="Take the schedule of this config away.")
@click.option(
    "--spread",
    type=click.IntRange(0, 720),
    default=0,
    metavar="MINUTES",
    help="Begin up to MINUTES later, each config at a moment of its own that stays the same.",
)
@with_json
def schedule(
    config: str,
    overrides: tuple[str, ...],
    expression: str | None,
    drift_first: bool,
    inline: bool,
    chosen: str,
    environment: Path | None,
    show: bool,
    replace: bool,
    remove: bool,
    spread: int,
    as_json: bool,
) -> int:
    """Run CONFIG by the clock, one run at a time; of a folder each config in it.

    Where the active ZenML stack can follow schedules it is asked to; otherwise this machine follows it, by a systemd timer or by
    cron. Rejected (3) and inconclusive (4) are answers and no failures of the job. Credentials belong in the environment file,
    never in the schedule. A config has at most one schedule. In a folder, what others name as `base` is no config of its own; all
    are read before any is scheduled.
    """
    from ntgate.config_base import configs_in
    from ntgate.scheduling.job import job_name
    from ntgate.scheduling.place import put, take_away

    given = Path(config).resolve()
    paths = configs_in(given) if given.is_dir() else [given]
    jobs: dict[Path, Job] = {}
    if not remove:
        jobs = {path: _job(path, overrides, expression, drift_first, inline, environment, spread) for path in paths}
    told: list[dict[str, Any]] = []
    for path in paths:
        places = _places(path, inline)
        job = jobs.get(path)
        if job is None:
            done = take_away(job_name(path), places)
        elif show:
            followed = _choice(chosen, places)
            told.append({"schema": 1, "name": job.name, "with": followed, "text": places[followed].text(job)})
            continue
        else:
            done = put(job, _choice(chosen, places), places, replace=replace)
        told.append({"schema": 1, "name": job_name(path), "outcome": done.outcome, "with": list(done.places), "note": done.note})
    if as_json:
        console.answer({"schema": 1, "schedules": told} if given.is_dir() else told[0])
    else:
        console.answer("\n".join(_line(one) for one in told))
    return 0


def _line(told: dict[str, Any]) -> str:
    """One schedule for people."""
    if "text" in told:
        return str(told["text"]).rstrip("\n")
    where = f", with {' and '.join(told['with'])}" if told["with"] else ""
    return f"{told['name']}: {told['outcome']}{where}" + (f"\n{told['note']}" if told["note"] else "")


def _job(
    path: Path,
    overrides: tuple[str, ...],
    expression: str | None,
    drift_first: bool,
    inline: bool,
    environment: Path | None,
    spread: int,
) -> Job:
    """The job, after everything in it was looked at."""
    from ntgate.config_file import load
    from ntgate.environment_references import with_password
    from ntgate.scheduling.cron import Cron
    from ntgate.scheduling.environment import read
    from ntgate.scheduling.job import Job
    from ntgate.transport import remote

    if expression is None:
        raise ConfigError("--cron", expected="a cron expression", got="nothing", fix="write e.g. --cron '17 3 * * 1'")
    cron = Cron.parse(expression)
    if any(with_password(override) for override in overrides):
        raise ConfigError(
            "--set",
            expected="no password, since schedules are readable",
            got="one in an address",
            fix="write it as ${NAME} in the config, and NAME=value in the environment file",
        )
    environment = (environment or path.with_suffix(".env")).resolve()
    for name, value in read(environment).items():
        os.environ.setdefault(name, value)  # the config is judged with what the job will see
    settings = load(path, overrides)
    output = path.parent if remote(settings.output) else Path(settings.output)
    return Job(
        config=path,
        cron=cron,
        program=(sys.executable, "-m", "ntgate"),
        options=tuple(word for override in overrides for word in ("--set", override)),
        inline=inline,
        drift_first=drift_first,
        lock=output / f".{path.stem}.lock",
        log=output / f"{path.stem}.log",
        environment=environment,
        spread=spread,
    )


def _places(path: Path, inline: bool) -> dict[str, Place]:
    """Every place where a schedule of this config may stand, the preferred ones first."""
    from ntgate.scheduling import crontab, systemd

    places = {"systemd": cast("Place", systemd), "cron": cast("Place", crontab)}
    if inline:
        return places
    from ntgate.cli.stack_schedule import StackSchedules

    stack = StackSchedules.of_active_stack(path)
    return places if stack is None else {"zenml": stack, **places}


def _choice(chosen: str, places: dict[str, Place]) -> str:
    from ntgate.scheduling import crontab, systemd

    if chosen == "zenml" and "zenml" not in places:
        raise ConfigError(
            "--with zenml",
            expected="an active stack whose orchestrator follows schedules",
            got="one that does not",
            fix="activate another with `ntgate up --kubernetes CONTEXT`, or use --with systemd or cron",
        )
    if chosen in {"systemd", "cron"} and shutil.which("flock") is None:
        raise ConfigError("flock", expected="flock on this machine", got="none", fix="install util-linux")
    if chosen != "auto":
        return chosen
    if "zenml" in places:
        return "zenml"
    if systemd.available():
        return "systemd"
    if crontab.available():
        return "cron"
    raise ConfigError(
        "--with",
        expected="systemd or cron on this machine",
        got="neither",
        fix="name one with --with and --print, to install elsewhere what it prints",
    )
