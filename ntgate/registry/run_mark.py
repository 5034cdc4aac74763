"""A mark at a run or a version: what is done once stays done, whoever repeats the run."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from ntgate.registry.champion import DECISION
from ntgate.registry.client import Registry, quoted, translated

ASKED, TOLD = "ntgate.approval_asked", "ntgate.notified"


def mark_once(registry: Registry, run_id: str, tag: str, outcome: str) -> bool:
    """Set the tag to the outcome and this moment; False where it stands already, at this run or at another that came to the same.

    Raises:
        RegistryError: when the registry does not answer.
    """
    with translated(registry.config):
        run = registry.client.get_run(run_id)
        decision = run.data.tags.get(DECISION)
        same = f"tags.`{DECISION}` = {quoted(decision)} AND tags.`{tag}` LIKE '{outcome} %'" if decision else ""
        if tag in run.data.tags or (same and registry.client.search_runs([run.info.experiment_id], same, max_results=1)):
            return False
        registry.client.set_tag(run_id, tag, f"{outcome} {_now()}")
    return True


def mark_spent(registry: Registry, rows: str) -> bool:
    """Note at the model's experiment that these test rows were said to be spent; False where that stands already.

    Raises:
        RegistryError: when the registry does not answer.
    """
    key = sha256(f"{registry.name} {rows}".encode()).hexdigest()[:16]  # several models, and test sets, may share it
    tag = f"ntgate.told_spent.{key}"
    with translated(registry.config):
        found = registry.client.get_experiment(registry.experiment())
        if tag in found.tags:
            return False
        registry.client.set_experiment_tag(found.experiment_id, tag, _now())
    return True


def mark_version(registry: Registry, version: str, tag: str, value: str) -> bool:
    """Set the version's tag to this value; False where that stands already.

    Every repetition of a run is a run of its own, but what waits, or was promoted, is one version.

    Raises:
        RegistryError: when the registry does not answer.
    """
    with translated(registry.config):
        if registry.client.get_model_version(registry.name, version).tags.get(tag) == value:
            return False
        registry.client.set_model_version_tag(registry.name, version, tag, value)
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
