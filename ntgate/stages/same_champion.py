"""Whether the champion is still the one that a run was compared with."""

from __future__ import annotations

from ntgate.errors import ChampionMovedError
from ntgate.stages.frozen_run import FrozenRun
from ntgate.stages.same_ledger import same_ledger


def same_champion(run: FrozenRun) -> None:
    """Refuse where the champion is another than the run has seen: no label is wanted for a comparison that does not count.

    Raises:
        ChampionMovedError: when it is.
        ConfigError: when the ledger is another than that of the model's runs.
        RegistryError: when the registry does not answer.
    """
    from ntgate.registry.champion import champion
    from ntgate.registry.client import connect, exists

    seen = run.history.champion.version
    if not exists(run.config.registry):
        return
    registry = connect(run.config.registry, run.config.model.name)
    same_ledger(run.config, registry)
    now = champion(registry)
    found = None if now is None else now.version
    if found != seen and (now is None or now.decision_id != run.history.decided.decision_id):
        raise ChampionMovedError(
            f"champion of {registry.name}",
            expected="no champion" if seen is None else f"version {seen}",
            got="no champion" if found is None else f"version {found}",
            fix="run again, to be compared with this one",
        )
