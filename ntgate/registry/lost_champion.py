"""Whether a model without a champion has had one: then the next promotion is not the first.

Without this question whoever deletes the alias, the version or the whole model also deletes the comparison with the champion,
and nobody is told.
"""

from __future__ import annotations

from ntgate.registry.champion import Champion
from ntgate.registry.client import Registry, quoted, translated
from ntgate.registry.history import PROMOTED, ROLLED_BACK, history

CHAMPION_OF = "ntgate.champion_of"


def lost(registry: Registry) -> str | None:
    """What shows that the model, which has no champion now, had one before; None when nothing does.

    Its versions are asked first; a model that was deleted or renamed leaves the runs that its champions came from. A champion
    that was made by other means than ntgate, and deleted before ntgate saw it, is not known of.

    Raises:
        RegistryError: when the registry does not answer.
    """
    for entry in history(registry):
        if entry.state in (PROMOTED, ROLLED_BACK):
            return f"version {entry.version} was promoted, and no version carries the alias now"
        if entry.previous_champion not in (None, "none"):
            return f"version {entry.version} was to follow on champion version {entry.previous_champion}"
    with translated(registry.config):
        return _witness(registry)


def bear_witness(registry: Registry, now: Champion) -> None:
    """Note at the champion's run that a champion came from it: a version may be deleted, with all that its tags say."""
    from mlflow.exceptions import MlflowException

    if now.run_id is None:
        return
    try:
        registry.client.set_tag(now.run_id, CHAMPION_OF, registry.name)
    except MlflowException as error:
        # A deleted run takes no tags. The version still says that it was promoted.
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE"):
            return
        # Who finishes a promotion beside us may have set it between MLflow's look for the tag and its insertion.
        if registry.client.get_run(now.run_id).data.tags.get(CHAMPION_OF) != registry.name:
            registry.client.set_tag(now.run_id, CHAMPION_OF, registry.name)


def _witness(registry: Registry) -> str | None:
    from mlflow.entities import ViewType

    experiment = registry.client.get_experiment_by_name(registry.experiment_name)
    if experiment is None:
        return None
    found = registry.client.search_runs(
        [experiment.experiment_id], f"tags.`{CHAMPION_OF}` = {quoted(registry.name)}", ViewType.ALL, max_results=1
    )
    return f"run {found[0].info.run_id} made a champion, and its version is gone" if found else None
