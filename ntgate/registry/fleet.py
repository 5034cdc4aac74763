"""All models of a registry at a glance: a few requests, however many there are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ntgate.base import Frozen
from ntgate.registry.champion import STATE, crowned
from ntgate.registry.client import Registry, translated
from ntgate.registry.history import PROMOTED, WAITING, may_be_approved
from ntgate.registry.lock import is_lock
from ntgate.registry.pages import pages
from ntgate.registry.recorded import KEY

_RUNS = 5000  # the latest runs that are looked through for verdicts


class ModelEntry(Frozen):
    """One model.

    Attributes:
        name: the registered model.
        champion: the version with the alias; None: no version carries it.
        strategy: how the champion was trained; None where ntgate did not make it.
        promoted: when the champion's version was made, in UTC, as ISO 8601.
        outcome: of the last run that was recorded; None: none is among the latest.
        decided: when that run began, in UTC, as ISO 8601.
        run: the title of that run.
        waiting: versions that may be approved now.
    """

    name: str
    champion: str | None = None
    strategy: str | None = None
    promoted: str | None = None
    outcome: str | None = None
    decided: str | None = None
    run: str | None = None
    waiting: tuple[str, ...] = ()


def fleet(registry: Registry) -> list[ModelEntry]:
    """Every registered model, by name; nothing is changed.

    Args:
        registry: any connection to it; the name in it does not matter.

    Raises:
        RegistryError: when it does not answer.
    """
    client = registry.client
    with translated(registry.config):
        models = [model for model in pages(client.search_registered_models) if not is_lock(model.name)]
        promoted = pages(client.search_model_versions, f"tags.`{STATE}` = '{PROMOTED}'")
        asked = pages(client.search_model_versions, f"tags.`{STATE}` = '{WAITING}'")
        verdicts = _verdicts(registry)
    made = {(version.name, str(version.version)): version for version in promoted}
    entries = []
    for model in sorted(models, key=lambda model: str(model.name)):
        champion = crowned(model)
        version = made.get((model.name, str(champion)))
        last = verdicts.get(model.name)
        entries.append(
            ModelEntry(
                name=model.name,
                champion=champion,
                strategy=version.tags.get("ntgate.strategy") if version else None,
                promoted=_moment(version.creation_timestamp) if version else None,
                outcome=last.data.tags.get("ntgate.outcome") if last else None,
                decided=_moment(last.info.start_time) if last else None,
                run=last.info.run_name if last else None,
                waiting=tuple(str(one.version) for one in asked if one.name == model.name and may_be_approved(one.tags, champion)),
            )
        )
    return entries


def _verdicts(registry: Registry) -> dict[str, Any]:
    """The last run with a verdict of each model, by the model's name."""
    client = registry.client
    experiments = {found.experiment_id: found.name for found in pages(client.search_experiments)}
    if not experiments:
        return {}
    last: dict[str, Any] = {}
    runs = pages(
        client.search_runs,
        list(experiments),
        f"tags.`{KEY}` LIKE '%'",  # the parents, which have the verdict
        order_by=["attributes.start_time DESC"],
        most=_RUNS,
    )
    for run in runs:
        last.setdefault(run.data.tags.get("ntgate.model", experiments[run.info.experiment_id]), run)
    return last


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
