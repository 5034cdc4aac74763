"""Ask: the rows of a pool whose labels decide, in an order that nobody can draw again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ntgate.errors import DataError, WornError
from ntgate.gate.asked import Asked
from ntgate.gate.budget import in_words, level_of
from ntgate.gate.config import GateConfig
from ntgate.gate.identity import comparison_id
from ntgate.gate.labels_wanted import labels_to_ask
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.stages.ask_answer import Answer, answer
from ntgate.stages.askable import rules_to_ask
from ntgate.stages.asked_before import refuse_others
from ntgate.stages.frozen_run import FrozenRun
from ntgate.stages.pool import Pool, read_pool
from ntgate.stages.pool_answers import Codes, PoolAnswers
from ntgate.stages.same_champion import same_champion
from ntgate.stages.same_ledger import ledger_of

if TYPE_CHECKING:
    from ntgate.ledger.ledger import Ledger

ASKED = "asked.json"


def ask(run: FrozenRun, rows: str, budget: int | None, out: Path | None) -> Answer:
    """Fix the rows whose labels are asked for, have the ledger open them, and write them down for labellers.

    Raises:
        ConfigError: when no label can change the verdict, or others were asked for before.
        DataError: when the pool cannot be used.
        RegistryError: when registry or ledger do not answer; nothing is opened then.
    """
    from ntgate.data.fingerprint import fingerprint

    rules = rules_to_ask(run.config, run.history, run.place.address)
    same_champion(run)
    pool = read_pool(run.config, run.history.ingested, rows)
    said = PoolAnswers.of(run, pool.rows, rules)
    before = run.read(ASKED, Asked.model_validate)
    ledger = ledger_of(run.config)
    identity = "" if ledger is None else str(ledger.identity(create=True))
    differing = np.flatnonzero(said.differ)
    ranked = differing[_order([pool.keys.keys[i, 0] for i in pool.index[differing]], identity, run)]
    comparison = _comparison(run, rules)
    gate = _at_its_level(run, ledger, comparison)
    usable = ranked
    if ledger is not None and len(ranked):
        usable = ranked[ledger.unopened(pool.keys.take(pool.index[ranked]), comparison)]
    gain, needed = _needed(run, gate, said, len(pool.index))
    if budget is None:
        enough = needed if needed is not None and not set(rules) - {"negative_transfer", "seeds"} else len(usable)
        budget = len(before.ids) if before is not None else enough  # what further rules take is not known
    chosen = usable[:budget]
    asked = said.asked(
        run,
        pool,
        chosen,
        comparison=comparison,
        pool_print=fingerprint(pool.whole),
        rules=rules,
        label=pool.spec.label,
        alpha=gate.alpha,
        first=len(chosen) if before is None else before.first,
    )
    refuse_others(run, before, asked, ledger)
    if len(chosen):
        asked = _opened(run, ledger, pool, chosen, asked, before)
        run.place.write(ASKED, asked.model_dump(mode="json"))
    files = _written(run, pool, chosen, asked, out) if len(chosen) else {}
    return answer(run, asked, files, worn=len(ranked) - len(usable), gain=gain, needed=needed)


def _order(keys: Sequence[bytes], identity: str, run: FrozenRun) -> Codes:
    """A random order that follows from the ledger, the decision and the rows alone: not from how they stand in a file."""
    seed = f"{identity} {run.history.decided.decision_id} "
    drawn = [hashlib.sha256(seed.encode() + key).digest() for key in keys]
    return np.array(sorted(range(len(keys)), key=drawn.__getitem__), np.int64)


def _comparison(run: FrozenRun, rules: Sequence[str]) -> str:
    """The same for whoever asks about these models again, by whatever pool."""
    gate = run.config.gate
    settings = {
        "asked": gate.labels.model_dump(mode="json"),
        "alpha": gate.alpha,
        "margin": gate.margin,
        "rules": list(rules),
        "decision": run.history.decided.decision_id,
    }
    return comparison_id({name: file.sha256 for name, file in run.history.evaluated.onnx.items()}, settings, None)


def _at_its_level(run: FrozenRun, ledger: Ledger | None, comparison: str) -> GateConfig:
    """The gate at the level that the labels are tested at: that of the gate, or what the model's budget grants.

    Raises:
        WornError: when nothing is left of the budget.
    """
    gate = run.config.gate
    budget = gate.ledger.budget
    if ledger is None or budget is None:
        return gate
    account = ledger.account(run.config.model.name, comparison)
    level = level_of(account, budget, gate.alpha)
    if level == 0:
        raise WornError(
            "gate.ledger.budget",
            expected="something left of it for another decision",
            got=f"nothing. {in_words(account, budget, gate.alpha, level).rstrip('.')}",
            fix="ask when that was more than 360 days ago",
        )
    return gate.model_copy(update={"alpha": level})


def _needed(run: FrozenRun, gate: GateConfig, said: PoolAnswers, n: int) -> tuple[float, int | None]:
    """The gain to be shown, and how many labels that takes on a pool of ``n`` rows where all that disagree decide."""
    told = run.history.decided.gate
    gain = gate.margin + gate.wanted_gain if told.deciding is None else told.deciding.gain
    both, differ = float((said.candidate != said.opponents["scratch"]).sum()) / n, float(said.differ.sum()) / n
    if gain >= both:
        return gain, None
    return gain, labels_to_ask((both + gain) / 2, (both - gain) / 2, differ, gate)


def _opened(run: FrozenRun, ledger: Ledger | None, pool: Pool, chosen: Codes, asked: Asked, before: Asked | None) -> Asked:
    """The rows with the ledger's entries: those that are new are opened now."""
    from ntgate.ledger.entries import Opening

    entries = () if before is None else before.entries
    new = chosen if before is None else chosen[len(before.ids) :]
    if ledger is None or not len(new):
        return asked.model_copy(update={"entries": entries})
    given = run.config.gate.ledger
    config = LedgerConfig(policy="none") if given.policy == "none" else LedgerConfig(budget=given.budget)
    opening = Opening(
        model=run.config.model.name,
        decision_id=asked.decision_id,
        comparison=asked.id,
        config=config,
        alpha=run.config.gate.alpha,
        min_test_rows=1,
    )
    granted = ledger.open(opening, pool.keys.take(pool.index[new]))
    if granted.closed or granted.alpha < asked.alpha or len(granted.positions) < len(new):
        raise DataError(
            "pool",
            expected="rows that nobody has opened",
            got=f"{len(new) - len(granted.positions)} that were, meanwhile",
            fix="ask again",
        )
    more = () if granted.entry is None else (granted.entry,)
    return asked.model_copy(update={"entries": (*entries, *more)})


def _written(run: FrozenRun, pool: Pool, chosen: Codes, asked: Asked, out: Path | None) -> dict[str, str]:
    from ntgate.data.given_labels import offered_names
    from ntgate.data.label_tasks import write_tasks
    from ntgate.data.raw_rows import raw_rows

    to = out
    if to is None:
        to = run.place.folder / "asked.csv" if run.place.store is None else Path(f"{run.history.ingested.run}.asked.csv")
    raw = raw_rows(pool.spec, pool.whole, pool.index[chosen])
    names = offered_names(asked.classes, run.config.data.label_map)
    files = write_tasks(raw, asked.ids, names, asked.label, to.resolve())
    return {name: str(path) for name, path in files.items()}
