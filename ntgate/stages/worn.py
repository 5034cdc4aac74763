"""Worn: whether the test rows can still judge a new model, asked before anything is trained."""

from __future__ import annotations

from pathlib import Path

from ntgate.config import RunConfig
from ntgate.errors import WornError
from ntgate.gate.allowance import Allowance
from ntgate.gate.power import Power, power
from ntgate.stages.champion import ChampionSeen, see_champion
from ntgate.stages.identity import decision_ids
from ntgate.stages.ingest import Ingested
from ntgate.stages.tell import tell_worn


def champion_to_beat(
    config: RunConfig, folder: Path, ingested: Ingested, *, dry_run: bool = False, allow_first: bool = False, force: bool = False
) -> ChampionSeen:
    """See the champion, and end the run where the test rows could judge nothing."""
    seen = see_champion(config, folder, ingested, dry_run=dry_run, allow_first=allow_first)
    try:
        refuse_worn(config, ingested, seen, force=force)
    except WornError as error:
        if not dry_run:
            tell_worn(config, ingested, error)
        raise
    return seen


def refuse_worn(config: RunConfig, ingested: Ingested, champion: ChampionSeen, *, force: bool = False) -> None:
    """End a run whose test rows could judge nothing.

    A run that was made before may be repeated, and one that a crash cut short goes on: config, data and code are those of a
    decision in the ledger, whatever champion it saw. Candidates of a stream are told apart only when they are trained, so a
    stream ends nothing here.

    Args:
        config: the run.
        ingested: its data.
        champion: the one seen.
        force: train all the same.

    Raises:
        WornError: when nothing is left of the level of the test rows, and it says how many fresh rows to label; or of the model's
            budget.
    """
    from ntgate.stages.open_rows import preview
    from ntgate.stages.same_ledger import ledger_of

    ledger = ledger_of(config)
    if force or ledger is None or config.gate.ledger.policy != "spend":
        return
    left = preview(config, ingested.part(ingested.judged), ingested.leakage)
    if left is None or not left.closed or not (left.uses or left.emptied):
        return
    if ledger.decided(decision_ids(config, ingested, champion)):
        return
    if left.emptied:
        raise WornError(
            "gate.ledger.budget",
            expected="something left of it for another decision",
            got=f"nothing. {left.reason.rstrip('.')}",
            fix="wait until that was more than 360 days ago, or add --force to train without a chance to be promoted",
        )
    advice = what_is_left(config, left, len(ingested.part(ingested.judged))).sentence
    raise WornError(
        "test rows",
        expected="test rows on which a new model can be judged",
        got=f"worn ones. {left.reason} {advice.rstrip('.')}",
        fix="label fresh rows and run again, or add --force to train without a chance to be promoted",
    )


def what_is_left(config: RunConfig, left: Allowance | None, n: int) -> Power:
    """The power of the ``n`` test rows as far as the ledger lets them be used again; of all where it does not answer."""
    if left is None:
        return power(n, config.gate)
    return power(len(left.positions), config.gate, level=config.gate.of_candidate(left.alpha) or None, of=left.offered)
