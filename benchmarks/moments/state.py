"""What counts after a command: versions, aliases, the ledger, the recorded runs, the locks, and the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

# Read past MLflow and past ntgate: what a fault does to their memory of it must not hide anything.
_ASKED = {
    "versions": "SELECT name, version FROM model_versions WHERE current_stage <> 'Deleted_Internal'",
    "tags": "SELECT name, version, key, value FROM model_version_tags",
    "aliases": "SELECT name, alias, version FROM registered_model_aliases",
    "locks": "SELECT name FROM registered_models WHERE name LIKE '%.ntgate-lock'",
    "runs": "SELECT k.run_uuid, o.value FROM tags k JOIN runs r ON r.run_uuid = k.run_uuid "
    "LEFT JOIN tags o ON o.run_uuid = k.run_uuid AND o.key = 'ntgate.outcome' "
    "WHERE k.key = 'ntgate.run_key' AND r.lifecycle_stage = 'active'",
    "entries": "SELECT e.model, e.kind, e.decision_id, e.comparison, e.outcome, e.alpha, s.size FROM ntgate_ledger_entries e "
    "JOIN ntgate_ledger_sets s ON s.id = e.row_set",
}


@dataclass(frozen=True)
class State:
    """Everything that counts, in a form that can be compared.

    Attributes:
        versions: model, number, decision (of a baseline ``baseline``), state, and the champion before.
        aliases: by model and alias, the version.
        ledger: how often each entry stands there: model, kind, decision, comparison, outcome, level, number of rows.
        recorded: how often a run of each outcome is recorded under a key.
        locks: those that are held.
        answer: what the command said.
    """

    versions: tuple[tuple[str, ...], ...]
    aliases: Mapping[tuple[str, str], str]
    ledger: Mapping[tuple[Any, ...], int]
    recorded: Mapping[str, int]
    locks: tuple[str, ...]
    answer: Mapping[str, Any]

    @property
    def opened(self) -> dict[tuple[Any, ...], int]:
        """How often rows were opened for each comparison."""
        return {entry: number for entry, number in self.ledger.items() if entry[1] == "opened"}

    @property
    def closed(self) -> dict[tuple[Any, ...], int]:
        """How often each comparison was closed with each outcome."""
        return {entry: number for entry, number in self.ledger.items() if entry[1] == "closed"}


def look(database: str, answer: Mapping[str, Any]) -> State:
    """Everything that counts in the registry at this address, as it is now."""
    engine = sa.create_engine(database, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            tables = set(sa.inspect(connection).get_table_names())
            found: dict[str, list[Any]] = {}
            for name, statement in _ASKED.items():
                there = "ntgate_ledger_entries" in tables if name == "entries" else "model_versions" in tables
                found[name] = [tuple(one) for one in connection.execute(sa.text(statement))] if there else []
    finally:
        engine.dispose()
    tags: dict[Any, dict[str, str]] = {}
    for model, version, key, value in found["tags"]:
        tags.setdefault((model, version), {})[key] = value
    return State(
        versions=tuple(sorted(_version(model, version, tags.get((model, version), {})) for model, version in found["versions"])),
        aliases={(model, alias): str(version) for model, alias, version in found["aliases"]},
        ledger=Counter(found["entries"]),
        recorded=Counter(str(outcome) for _, outcome in found["runs"]),
        locks=tuple(sorted(name for (name,) in found["locks"])),
        answer=dict(answer),
    )


def _version(model: str, number: Any, tags: Mapping[str, str]) -> tuple[str, ...]:
    decision = tags.get("ntgate.role") or tags.get("ntgate.decision_id") or "none"
    return model, str(number), decision, tags.get("ntgate.state", ""), tags.get("ntgate.previous_champion", "")
