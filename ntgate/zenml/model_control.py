"""The registered model in ZenML's model control plane: the runs about it, and which of MLflow's versions is in production.

MLflow decides and ZenML shows: a version gets a stage here only after the champion was read back from MLflow. That is done at the
end of every run, so that what an approval, a rollback or a run without ZenML has changed is seen at the next one. Versions of other
hands stay as they are. Whatever goes wrong is said in one line, and the verdict stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ntgate.config import RunConfig
from ntgate.stages.result import RunResult
from ntgate.zenml.mlflow_pages import version_page

if TYPE_CHECKING:
    from uuid import UUID

    from ntgate.registry.history import VersionEntry

# A run belongs to a model through one of its versions. One for all of them keeps a refused run from looking like a version.
ALL_RUNS = "all runs"
_OURS = "mlflow-"  # ZenML keeps plain numbers for versions that it counts itself
_PRODUCTION, _STAGING, _ARCHIVED = "production", "staging", "archived"
_TIMES = 3  # that the champion may move while it is told


def show_run(config: RunConfig, say: Callable[[str], None]) -> None:
    """Tell ZenML that the run that goes on is about the model: it is found there whatever comes of it.

    Args:
        config: the run.
        say: takes one line where ZenML does not take it.
    """
    with _in_one_line("which model the run is about", say):
        from zenml import add_tags

        run = _run()
        add_tags([f"ntgate model: {config.model.name}"], run=run)
        model = _model(config.model.name)
        told = f"Every run about {config.model.name}, whatever came of it. Nothing here is to be served."
        _link(_version(model, ALL_RUNS, told), run)


def show_versions(config: RunConfig, result: RunResult, say: Callable[[str], None]) -> None:
    """Bring the versions in ZenML into line with MLflow: the champion in production, what waits for approval in staging.

    Args:
        config: the run.
        result: its answer; a dry run shows nothing.
        say: takes one line where ZenML or MLflow does not answer.
    """
    if result.dry_run:
        return
    with _in_one_line("the versions of the model", say):
        from ntgate.registry.client import connect
        from ntgate.registry.history import history

        registry, model = connect(config.registry, config.model.name), _model(config.model.name)
        for _ in range(_TIMES):
            entries = history(registry)
            if not _aligned(config, model, entries, result, say) or _stages(entries) == _stages(history(registry)):
                break


def _aligned(config: RunConfig, model: UUID, entries: list[VersionEntry], result: RunResult, say: Callable[[str], None]) -> bool:
    """Do what is left to be done, given MLflow's versions; whether a stage moved."""
    from zenml.client import Client

    from ntgate.registry.history import PROMOTED

    stages, moves = _stages(entries), []
    versions: dict[str, Any] = {}
    for entry in entries:
        mine = entry.decision_id == result.decision_id
        if entry.version in stages or (mine and entry.state == PROMOTED):
            versions[entry.version] = _told(config, model, entry)
            if mine:
                _link(versions[entry.version], _run())
    staged = {versions[number].id for number in stages}
    for stage in (_PRODUCTION, _STAGING):
        wanted = next((versions[number] for number, where in stages.items() if where == stage), None)
        for standing in Client().list_model_versions(model=model, stage=stage).items:
            if not standing.name.startswith(_OURS):
                say(f"ZenML has {standing.name} of {config.model.name} in {stage}, which is not ntgate's, and it stays there")
                wanted = None
            elif standing.id not in staged:
                moves.append((standing, _ARCHIVED))
        if wanted is not None and wanted.stage != stage:
            moves.append((wanted, stage))
    for version, stage in moves:
        Client().update_model_version(model, version.id, stage=stage, force=True)
    return bool(moves)


def _stages(entries: list[VersionEntry]) -> dict[str, str]:
    """The champion in production, and the newest version that may be approved in staging."""
    champion = next((entry.version for entry in entries if entry.champion), None)
    waiting = next((entry.version for entry in entries if entry.may_be_approved(champion)), None)
    return {number: stage for number, stage in ((champion, _PRODUCTION), (waiting, _STAGING)) if number is not None}


def _told(config: RunConfig, model: UUID, entry: VersionEntry) -> Any:
    """The version in ZenML that stands for one in MLflow, with what there is to know of it."""
    from zenml import log_metadata

    name, known = config.model.name, _facts(config, entry)
    told = f"Version {entry.version} of {name} in MLflow: models:/{name}/{entry.version}"
    version = _version(model, f"{_OURS}{entry.version}", told)
    before = version.run_metadata
    if before and before.get("mlflow_run_id") != known.get("mlflow_run_id"):  # of a registry that was begun anew
        version = _version(model, f"{_OURS}{entry.version} {(entry.run_id or 'unknown')[:8]}", told)
        before = version.run_metadata
    if not before:
        log_metadata(known, model_version_id=version.id)
    return version


def _facts(config: RunConfig, entry: VersionEntry) -> dict[str, Any]:
    name = config.model.name
    told = {
        "mlflow_version": entry.version,
        "mlflow_uri": f"models:/{name}/{entry.version}",
        "mlflow_run_id": entry.run_id,
        "mlflow_page": version_page(config, name, entry.version),
        "decision_id": entry.decision_id,
        "gain": entry.gain,
        "strategy": entry.strategy,
        "made": entry.created,
    }
    return {key: value for key, value in told.items() if value is not None}


def _run() -> UUID:
    from zenml import get_step_context

    run: UUID = get_step_context().pipeline_run.id
    return run


def _model(name: str) -> UUID:
    """The id of the model of this name, which is made where there is none; a name may look like an id, or hold a placeholder."""
    from zenml.client import Client
    from zenml.exceptions import EntityExistsError

    def found() -> list[UUID]:
        return [model.id for model in Client().list_models(name=name).items if model.name == name]

    if known := found():
        return known[0]
    told = f"The registered model {name} in MLflow, which ntgate retrains. The version in production is its champion."
    try:
        made: UUID = Client().create_model(name=name, description=told, save_models_to_registry=False).id
    except EntityExistsError:  # another run was faster
        return found()[0]
    return made


def _version(model: UUID, name: str, description: str) -> Any:
    """The version of this name, which is made where there is none."""
    from zenml.client import Client
    from zenml.exceptions import EntityExistsError

    def found() -> list[Any]:
        return list(Client().list_model_versions(model=model, name=name, hydrate=True).items)

    if known := found():
        return known[0]
    try:
        return Client().create_model_version(model, name=name, description=description)
    except EntityExistsError:
        return found()[0]


def _link(version: Any, run: UUID) -> None:
    """Twice is once."""
    from zenml.client import Client
    from zenml.models import ModelVersionPipelineRunRequest

    Client().zen_store.create_model_version_pipeline_run_link(
        ModelVersionPipelineRunRequest(model_version=version.id, pipeline_run=run)
    )


@contextmanager
def _in_one_line(what: str, say: Callable[[str], None]) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001  a store's own faults
        say(f"ZenML does not show {what}: {' '.join(str(error).split())[:300] or type(error).__name__}")
