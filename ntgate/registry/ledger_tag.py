"""Which ledger keeps the account of a model's test rows, noted where every client of the registry sees it."""

from __future__ import annotations

import re

from ntgate.registry.client import Registry, translated


def known_ledger(registry: Registry) -> str | None:
    """The id of the ledger that the model's runs have used; None where none was noted.

    It is noted at the experiment, which is there before the first version, and stays when the registered model is deleted.

    Raises:
        RegistryError: when the registry does not answer.
    """
    with translated(registry.config):
        experiment = registry.client.get_experiment_by_name(registry.experiment_name)
    return None if experiment is None else experiment.tags.get(_tag(registry.name))


def note_ledger(registry: Registry, identity: str) -> None:
    """Note the ledger of this id as the one that keeps the account.

    Raises:
        RegistryError: when the registry does not answer.
    """
    with translated(registry.config):
        registry.client.set_experiment_tag(registry.experiment(), _tag(registry.name), identity)


def _tag(model: str) -> str:
    """Models may share an experiment without sharing a ledger. MLflow takes few characters in the name of a tag."""
    return "ntgate.ledger " + re.sub(r"[^\w. -]", "_", model)
