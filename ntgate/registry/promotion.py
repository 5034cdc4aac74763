"""Promotion: one version a decision, one alias, moved last."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ntgate.base import Frozen
from ntgate.errors import ChampionMovedError
from ntgate.registry.champion import ALIAS, champion
from ntgate.registry.client import Registry, translated
from ntgate.registry.lock import Held, promotion_lock

DECISION, STATE, PREVIOUS = "ntgate.decision_id", "ntgate.state", "ntgate.previous_champion"
PENDING, PROMOTED = "pending", "promoted"


class PromotionRequest(Frozen):
    """A decision to promote.

    Attributes:
        decision_id: identifies the decision; promoting it twice is promoting it once.
        champion_seen: version of the champion that the decision was made against; None: there was none.
        run_id: the arm's MLflow run.
        model_id: its logged model.
        description: of the version, in Markdown.
        tags: further tags of the version.
    """

    decision_id: str
    champion_seen: str | None
    run_id: str
    model_id: str
    description: str
    tags: Mapping[str, str] = {}


def promote(registry: Registry, request: PromotionRequest) -> str:
    """Make the decision's version the champion, and return the version.

    A crash at any point leaves the champion as it was, or as it should be: a rerun finds the version by its decision and
    goes on from there.

    Raises:
        ChampionMovedError: when the champion is no longer the one that the decision saw.
        RegistryError: when the registry does not answer, or another promotion does not end.
    """
    with translated(registry.config), promotion_lock(registry) as held:
        now = champion(registry)
        if now is not None and now.decision_id == request.decision_id:
            _tag(registry, now.version, STATE, PROMOTED)  # a rerun after a crash behind the alias
            return now.version
        found = None if now is None else now.version
        if found != request.champion_seen:
            raise ChampionMovedError(
                f"champion of {registry.name}", expected=_called(request.champion_seen), got=_called(found),
                fix="run again, to be compared with the new champion; nothing was promoted",
            )  # fmt: skip
        version = _version(registry, request)
        _move_alias(registry, version, held)
        read_back = champion(registry)
        if read_back is None or read_back.version != version:
            raise ChampionMovedError(
                f"champion of {registry.name}", expected=_called(version), got=_called(read_back.version if read_back else None),
                fix="look at the registry: something else moves the alias",
            )  # fmt: skip
        _tag(registry, version, STATE, PROMOTED)
    return version


def _version(registry: Registry, request: PromotionRequest) -> str:
    """The version of this decision: the one that a run before us created, or a new one in state ``pending``."""
    from mlflow.exceptions import MlflowException

    try:
        registry.client.create_registered_model(registry.name, description="Promoted by ntgate, which shows why.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    for known in registry.client.search_model_versions(f"name='{registry.name}'", max_results=10_000):
        if known.tags.get(DECISION) == request.decision_id:
            return str(known.version)
    tags = {**request.tags, DECISION: request.decision_id, STATE: PENDING, PREVIOUS: request.champion_seen or "none"}
    created = registry.client.create_model_version(
        registry.name, source=_source(registry, request.model_id), run_id=request.run_id, model_id=request.model_id,
        tags=tags, description=request.description,
    )  # fmt: skip
    return str(created.version)


def _source(registry: Registry, model_id: str) -> str:
    """Where the version's files lie.

    A server resolves ``models:/`` itself; a database is opened in this process, where MLflow would resolve it against its
    global tracking URI instead of the client's.
    """
    if registry.config.uri.startswith("http"):
        return f"models:/{model_id}"
    return str(registry.client.get_logged_model(model_id).artifact_location)


def _move_alias(registry: Registry, version: str, held: Held) -> None:
    """The one irreversible act. The first alias of a model can fail under a race in MLflow: then again."""
    from mlflow.exceptions import MlflowException

    for attempt in range(5):
        held.check(registry)
        try:
            registry.client.set_registered_model_alias(registry.name, ALIAS, version)
            return
        except MlflowException:
            if attempt == 4:
                raise
            time.sleep(0.1 * 2**attempt)


def _tag(registry: Registry, version: str, key: str, value: str) -> None:
    registry.client.set_model_version_tag(registry.name, version, key, value)


def _called(version: str | None) -> str:
    return "no champion" if version is None else f"version {version}"
