"""What a run's page in MLflow says once the alias has moved."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ntgate.errors import RegistryError
from ntgate.registry.client import Registry, translated
from ntgate.registry.faults import reason

NOTE, VERSION, CHALLENGED = "mlflow.note.content", "ntgate.version", "ntgate.challenger"
LONGEST = 5000  # characters of a tag


def keep_answer(registry: Registry, run_id: str, answer: Path) -> None:
    """Put a run's answer beside its pages, for ``ntgate explain``; the run's folder has it too, so that a fault ends nothing."""
    with suppress(Exception), translated(registry.config):
        registry.client.log_artifact(run_id, str(answer))


def keep_final_page(registry: Registry, run_id: str, page: Path, note: str, tags: Mapping[str, str]) -> str | None:
    """Put the page and the ``note`` that name the version in the place of those that the run was recorded with, and ``tags``.

    The alias has moved: whatever goes wrong here leaves the promotion what it is.

    Returns:
        Why MLflow still has the page of before the promotion; None where it has the final one.
    """
    try:
        with translated(registry.config):
            for tag, value in {**tags, NOTE: note[:LONGEST]}.items():
                registry.client.set_tag(run_id, tag, value)
            registry.client.log_artifact(run_id, str(page))
            registry.client.set_terminated(run_id, status="FINISHED")  # the promotion belongs to its time
    except RegistryError as error:
        return f"MLflow has the page of before the promotion, which names no version: {error.got}"
    except Exception as error:  # noqa: BLE001  a library of an artifact store, whose faults nobody lists
        return f"MLflow has the page of before the promotion, which names no version: {reason(error)}"
    return None
