"""A mark at a run or a version: what is done once stays done, whoever repeats the run."""

from __future__ import annotations

from datetime import UTC, datetime

from ntgate.registry.client import Registry, translated

ASKED = "ntgate.approval_asked"


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


def mark_asked(registry: Registry, version: str, until: str) -> bool:
    """Note at a version that its approval up to this moment was asked for; False where that stands already.

    Every repetition of a run is a run of its own, but what waits is one version.

    Raises:
        RegistryError: when the registry does not answer.
    """
    with translated(registry.config):
        if registry.client.get_model_version(registry.name, version).tags.get(ASKED) == until:
            return False
        registry.client.set_model_version_tag(registry.name, version, ASKED, until)
    return True
