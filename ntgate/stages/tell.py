"""Telling whoever the config names, each thing once: the mark comes before the message, so that a repetition tells nobody twice."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ntgate.config import RunConfig
from ntgate.errors import RegistryError, WornError
from ntgate.notify import message, send
from ntgate.stages.ingest import Ingested
from ntgate.stages.result import RunResult

if TYPE_CHECKING:
    from ntgate.registry.client import Registry
    from ntgate.registry.recorded import Recorded


def tell_verdict(config: RunConfig, registry: Registry, recorded: Recorded, result: RunResult, *, judged: bool) -> None:
    """Tell of a verdict, or of an approval that is wanted; of one that stays open, in how many runs it has.

    Raises:
        RegistryError: when the registry does not answer.
    """
    from ntgate.registry.run_mark import ASKED, TOLD, mark_once, mark_version
    from ntgate.registry.runs_with_verdict import open_in_a_row

    if not _named(config, result.outcome):
        return
    if judged and result.outcome == "inconclusive":  # batches of labels are told of when they decide
        return
    waiting, version = result.registry["approval"], result.registry["version"]
    if waiting is not None:
        fresh = mark_version(registry, waiting["version"], ASKED, waiting["until"])
    elif version is not None:  # a run that is repeated after its own promotion sees another champion, and is another run
        fresh = mark_version(registry, version, TOLD, "promoted")
    else:
        fresh = mark_once(registry, recorded.run_id, f"{TOLD}_judged" if judged else TOLD, result.outcome)
    if not fresh:
        return
    in_a_row = 0
    if result.outcome == "inconclusive":
        with suppress(RegistryError):  # a message says what is known
            in_a_row = open_in_a_row(registry, recorded.experiment_id)
    send(config.notify, message(config.model.name, result.as_json(), in_a_row=in_a_row))


def tell_worn(config: RunConfig, ingested: Ingested, error: WornError) -> None:
    """Tell that the test rows, or the model's budget, are spent, so that runs end before they train: once for these rows."""
    from ntgate.registry.client import connect
    from ntgate.registry.run_mark import mark_spent

    if not _named(config, "inconclusive"):
        return
    with suppress(RegistryError):  # the run ends for a reason of its own
        if mark_spent(connect(config.registry, config.model.name), f"{error.subject} {ingested.fingerprints[ingested.judged]}"):
            send(config.notify, message(config.model.name, {"outcome": "inconclusive", "sentence": str(error)}))


def _named(config: RunConfig, outcome: str) -> bool:
    return bool(config.notify.webhook or config.notify.command) and outcome in config.notify.outcomes
