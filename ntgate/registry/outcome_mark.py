"""What a run's page in MLflow says once somebody has answered for its version."""

from __future__ import annotations

from contextlib import suppress

from ntgate.registry.client import Registry
from ntgate.registry.final_page import LONGEST, NOTE, VERSION


def mark_answer(registry: Registry, version: str, outcome: str, by: str, reason: str) -> None:
    """Say at the run that made the version how it ended; the version's own tags say so too, so that a fault ends nothing."""
    with suppress(Exception):
        client = registry.client
        run_id = client.get_model_version(registry.name, version).tags.get("ntgate.run_id")
        if run_id is None:
            return
        said = f"**{outcome}** by {by}: {reason}"
        before = client.get_run(run_id).data.tags.get(NOTE, "")
        client.set_tag(run_id, "ntgate.outcome", outcome)
        if outcome == "promoted":
            client.set_tag(run_id, VERSION, version)
        if not before.startswith(said):
            client.set_tag(run_id, NOTE, f"{said}\n\n{before}"[:LONGEST])
