"""Same ledger: a run whose ledger is not the one that the registry knows would find every test row fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.config import RunConfig
from ntgate.errors import ConfigError

if TYPE_CHECKING:
    from ntgate.ledger.ledger import Ledger
    from ntgate.registry.client import Registry


def ledger_of(config: RunConfig) -> Ledger | None:
    """The ledger of a run; None where none can be asked and none is wanted.

    Raises:
        ConfigError: when there is no database for the ledger.
    """
    from ntgate.ledger.ledger import Ledger
    from ntgate.ledger.place import ledger_uri

    uri = ledger_uri(config.gate.ledger, config.registry.uri)
    return None if uri is None else Ledger(uri, config.registry.timeout_seconds)


def same_ledger(config: RunConfig, registry: Registry, *, dry_run: bool = False) -> None:
    """Make sure that the ledger is the one that the model's runs have used before; the first run notes which that is.

    Args:
        config: the run.
        registry: of the model.
        dry_run: note nothing.

    Raises:
        ConfigError: when it is another, or one that does not know yet which it is.
        RegistryError: when the registry or the ledger does not answer.
    """
    from ntgate.registry.ledger_tag import known_ledger, note_ledger

    ledger = ledger_of(config)
    if ledger is None or config.gate.ledger.policy == "none":  # nothing is accounted for
        return
    known = known_ledger(registry)
    own = ledger.identity(create=known is None and not dry_run)
    if known is not None and own != known:
        raise ConfigError(
            "gate.ledger.uri",
            expected=f"the ledger {known[:8]}, in which the use of {registry.name}'s test rows is written down",
            got="a new one" if own is None else f"the ledger {own[:8]}",
            fix="name that one; if it is lost, `ntgate ledger adopt CONFIG` goes on with this one, to which every row is fresh",
        )
    if known is None and own is not None and not dry_run:
        note_ledger(registry, own)


def adopt_ledger(config: RunConfig, registry: Registry) -> tuple[str | None, str]:
    """Note the config's ledger as the one that keeps the account from now on; the ids of the one before and of this one.

    Raises:
        ConfigError: when there is no database for the ledger.
        RegistryError: when the registry or the ledger does not answer.
    """
    from ntgate.registry.ledger_tag import known_ledger, note_ledger

    ledger = ledger_of(config)
    own = None if ledger is None else ledger.identity(create=True)
    if own is None:
        raise ConfigError("gate.ledger", expected="a ledger", got="policy none and no database", fix="set gate.ledger.uri")
    before = known_ledger(registry)
    if before != own:
        note_ledger(registry, own)
    return before, own
