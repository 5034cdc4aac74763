"""A mark at a run: what is done once stays done, whoever repeats the run."""

from __future__ import annotations

from datetime import UTC, datetime

from ntgate.registry.client import Registry, translated


def mark_once(registry: Registry, run_id: str, tag: str) -> bool:
    """Set the tag to this moment; False where it stands already.

    Raises:
        RegistryError: when the registry does not answer.
    """
    with translated(registry.config):
        if tag in registry.client.get_run(run_id).data.tags:
            return False
        registry.client.set_tag(run_id, tag, datetime.now(UTC).isoformat(timespec="seconds"))
    return True
