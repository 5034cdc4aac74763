"""What a run's page in MLflow says once labels that came later were judged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from ntgate.registry.client import Registry, translated
from ntgate.registry.final_page import LONGEST, NOTE


def record_judgement(
    registry: Registry,
    run_id: str,
    name: str,
    judged: Path,
    page: Path,
    note: str,
    facts: tuple[Mapping[str, str], Mapping[str, float]],
) -> None:
    """Put a verdict on labels beside what the run was recorded with; the run's own decision stays.

    Args:
        registry: of the model.
        run_id: of the run.
        name: that it has from here on, since lists show the verdict in it.
        judged: the verdict as JSON.
        page: the report.
        note: the verdict in Markdown, instead of that of the run.
        facts: tags and metrics.

    Raises:
        RegistryError: when the registry does not take it; doing it twice is doing it once.
    """
    tags, metrics = facts
    with translated(registry.config):
        for key, value in {**tags, NOTE: note[:LONGEST]}.items():
            registry.client.set_tag(run_id, key, value)
        registry.client.update_run(run_id, name=name)
        for key, number in metrics.items():
            if math.isfinite(number):
                registry.client.log_metric(run_id, key, number)
        for path in (judged, page):
            registry.client.log_artifact(run_id, str(path))
