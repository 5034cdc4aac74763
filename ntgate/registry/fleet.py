"""All models of a registry at a glance: a few requests, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ntgate.base import Frozen
from ntgate.registry.champion import STATE, crowned
from ntgate.registry.client import Registry, quoted, translated
from ntgate.registry.history import PROMOTED, WAITING, may_be_approved
from ntgate.registry.lock import is_lock
from ntgate.registry.pages import pages
from ntgate.registry.runs_with_verdict import latest_of, model_of, parents

_RUNS, _PAGE = 5000, 1000  # the latest runs that are looked through for verdicts, so many a request
_FEW = 50  # models that are asked for one by one, before another thousand runs are
_CHARACTERS = 1500  # of names in one request: a filter is part of an address, which may not be long
_PROMOTED = f"tags.`{STATE}` = '{PROMOTED}'"


class ModelEntry(Frozen):
    """One model.

    Attributes:
        name: the registered model.
        champion: the version with the alias; None: no version carries it.
        strategy: how the champion was trained; None where ntgate did not make it.
        promoted: when the champion's version was made, in UTC, as ISO 8601.
        outcome: of the last run that was recorded; None: there is none, or none among the latest of a fleet.
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
        made = _promoted(client, models)
        asked = defaultdict(list)
        for version in pages(client.search_model_versions, f"tags.`{STATE}` = '{WAITING}'"):
            asked[version.name].append(version)
        verdicts = _verdicts(registry, {str(model.name) for model in models})
    entries = []
    for model in sorted(models, key=lambda model: str(model.name)):
        champion = crowned(model)
        version = made.get(model.name)
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
                waiting=tuple(str(one.version) for one in asked[model.name] if may_be_approved(one.tags, champion)),
            )
        )
    return entries


def _promoted(client: Any, models: Sequence[Any]) -> dict[str, Any]:
    """The champions' versions that a promotion of ntgate's made, by the model's name.

    A year of promotions has fifty times as many versions as champions, so these alone are asked for: with the model comes its
    newest version, and the others of the same number are one question.
    """
    from mlflow.exceptions import MlflowException

    champions = {str(model.name): number for model in models if (number := crowned(model)) is not None}
    newest = [version for model in models for version in model.latest_versions or ()]
    found = {version.name: version for version in newest if champions.get(version.name) == str(version.version)}
    missing: dict[str, list[str]] = defaultdict(list)
    for name, number in champions.items():
        if name not in found:
            missing[number].append(name)
    filters = [f"name IN ({names}) AND version_number = {number}" for number in missing for names in _listed(missing[number])]
    try:
        behind = [version for which in filters for version in pages(client.search_model_versions, f"{which} AND {_PROMOTED}")]
    except MlflowException as error:
        if error.error_code != "INVALID_PARAMETER_VALUE":
            raise
        # An older server does not know the filter; and a name with both kinds of quotes has no place in one.
        behind = pages(client.search_model_versions, _PROMOTED)
    found |= {version.name: version for version in behind if champions.get(version.name) == str(version.version)}
    return {name: version for name, version in found.items() if version.tags.get(STATE) == PROMOTED}


def _listed(names: Sequence[str]) -> Iterator[str]:
    """The names as lists in MLflow's filter language, each as long as one request takes."""
    some = ""
    for name in map(quoted, names):
        if some and len(some) + len(name) > _CHARACTERS:
            yield some
            some = ""
        some += f", {name}" if some else name
    if some:
        yield some


def _verdicts(registry: Registry, names: set[str]) -> Mapping[str, Any]:
    """The last run with a verdict of each model, by the model's name."""
    experiments = {found.experiment_id: found.name for found in pages(registry.client.search_experiments)}
    last: dict[str, Any] = {}
    if not experiments:
        return last
    missing = set(names)
    for number, run in enumerate(parents(registry, list(experiments), _size=_PAGE), start=1):
        model = model_of(run, experiments)
        if model in missing:
            last[model] = run
            missing.discard(model)
        if not missing:
            break
        if number % _PAGE == 0 and len(missing) <= _FEW:
            asked = {name: latest_of(registry, experiments, name) for name in missing}
            return last | {name: run for name, run in asked.items() if run is not None}
        if number == _RUNS:
            break
    return last


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
