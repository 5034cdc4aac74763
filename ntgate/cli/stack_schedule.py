"""Schedules of the active ZenML stack, where its orchestrator follows schedules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntgate.cli.project import around
from ntgate.cli.store import client
from ntgate.errors import ConfigError

if TYPE_CHECKING:
    from ntgate.scheduling.job import Job


class StackSchedules:
    """The schedules of one config on the active stack.

    A place of schedules, see :class:`~ntgate.scheduling.place.Place`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of_active_stack(cls, path: Path) -> StackSchedules | None:
        """Schedules of the config at ``path``; None when the active stack follows no schedules."""
        from ntgate.cli.orchestrated import rooted

        rooted(around(path))
        return cls(path) if client().active_stack.orchestrator.config.is_schedulable else None

    def text(self, job: Job) -> str:
        """Pipeline and expression, as ZenML keeps them."""
        return f"{_pipeline(job)} {job.cron.text}\n"

    def standing(self, name: str) -> str | None:
        """The schedule's pipeline and expression."""
        found = self._find(name)
        if found is None:
            return None
        pipeline = client().get_pipeline(found.pipeline_id).name
        return f"{pipeline} {found.cron_expression}\n"

    def install(self, job: Job) -> str | None:
        """Compile the pipeline with the schedule, and hand it to the orchestrator."""
        from ntgate.cli.orchestrated import submit
        from ntgate.config_file import load

        if job.spread:
            fix = "give each config a minute of its own in --cron"
            raise ConfigError("--spread", expected="a machine that follows the schedule", got="a ZenML stack", fix=fix)
        if job.inline:
            raise ConfigError("--inline", expected="a machine that follows the schedule", got="a ZenML stack", fix="leave it out")
        settings = load(job.config, job.options[1::2])
        try:
            submit(_pipeline(job), str(job.config), settings, schedule=job.name, cron=job.cron.text)
        except Exception:
            # ZenML notes the schedule before it asks the orchestrator, which then knows nothing of it.
            if self._find(job.name) is not None:
                self.remove(job.name)
            raise
        return "the orchestrator reads the expression in its own time zone, as a rule UTC"

    def remove(self, name: str) -> None:
        """Delete the schedule from ZenML, and from the orchestrator where it can be asked to."""
        client().delete_schedule(name, soft=False)

    def _find(self, name: str) -> Any:
        found = client().list_schedules(name=name).items
        return found[0] if found else None


def _pipeline(job: Job) -> str:
    return "drift_then_retrain" if job.drift_first else "retrain"
