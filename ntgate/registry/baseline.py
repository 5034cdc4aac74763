"""The baseline: scratch as a version with an alias of its own, so that there is something to serve where nothing was promoted.

No gate has judged it. It is never the champion, no decision compares with it, and whatever looks for promotions passes it by.
"""

from __future__ import annotations

from ntgate.base import Frozen
from ntgate.errors import RegistryError
from ntgate.registry.client import Registry, translated
from ntgate.registry.faults import reason
from ntgate.registry.new_version import create_version, only_oldest, tagged

BASELINE = "baseline"  # the alias, and what the role of such a version is called
ROLE, MODEL, MADE_BY = "ntgate.role", "ntgate.sha256", "ntgate.baseline_of"
_DESCRIPTION = "Training from scratch on the target alone. It is there to be served until a candidate passes; no gate judged it."


class Baseline(Frozen):
    """What became of a run's baseline.

    Attributes:
        version: the version that carries the alias now; None where it could not be registered.
        fault: why; None where it was.
    """

    version: str | None = None
    fault: str | None = None


def keep_baseline(registry: Registry, run_id: str, model_id: str, sha256: str, decision_id: str) -> Baseline:
    """Give the alias ``baseline`` to the version of this model, which is made where there is none.

    The verdict is told and a promotion stands, whatever goes wrong here. Without a lock: of two processes that make the version
    of one model at once, the later one finds both and takes its own away again.

    Args:
        registry: of the model.
        run_id: scratch's MLflow run.
        model_id: its logged model.
        sha256: of its ONNX file: the same model is one version.
        decision_id: the decision that it was the baseline of, where the version is new.
    """
    known = {ROLE: BASELINE, MODEL: sha256}
    try:
        with translated(registry.config):
            if not tagged(registry, known):
                create_version(registry, run_id, model_id, _DESCRIPTION, {**known, MADE_BY: decision_id})
            version = only_oldest(registry, tagged(registry, known))
            registry.client.set_registered_model_alias(registry.name, BASELINE, version)
    except RegistryError as error:
        return Baseline(fault=f"the baseline was not registered: {error.got}")
    except Exception as error:  # noqa: BLE001  a library of an artifact store, whose faults nobody lists
        return Baseline(fault=f"the baseline was not registered: {reason(error)}")
    return Baseline(version=version)


def baseline(registry: Registry) -> str | None:
    """The version that carries the alias ``baseline``; None where none does.

    Raises:
        RegistryError: when the registry does not answer.
    """
    from mlflow.exceptions import MlflowException

    with translated(registry.config):
        try:
            found = registry.client.get_registered_model(registry.name).aliases.get(BASELINE)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
    return None if found is None else str(found)
