"""Open: the ledger is asked before a test row is scored, and told how it ended before anybody else is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ntgate.base import Artifact
from ntgate.config import RunConfig
from ntgate.data.leakage import Leakage
from ntgate.gate.allowance import Allowance, unopened, unrecorded
from ntgate.gate.decision import GateDecision
from ntgate.gate.evidence import Evidence
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.identity import comparison, decision_id, same_but_for_rounding
from ntgate.stages.ingest import Ingested
from ntgate.stages.same_ledger import ledger_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from ntgate.data.domain import Domain


def open_rows(
    config: RunConfig,
    ingested: Ingested,
    champion: ChampionSeen,
    onnx: Mapping[str, Artifact],
    crossed: CrossFitted,
    test: Domain,
    *,
    swapped: bool,
    dry_run: bool,
) -> Allowance:
    """What this comparison may use of the rows; it is spent when this returns.

    No row is opened while something is known that keeps the model from being promoted: doubtful files, or labels that are shown to
    be ``swapped``. What settles it makes other models, mostly.

    Raises:
        ConfigError: when there is no database for the ledger.
        RegistryError: when the ledger does not answer.
    """
    from ntgate.data.records import row_keys
    from ntgate.ledger.entries import Opening

    if ingested.reading is not None and ingested.reading.questions:
        return unopened(len(test), "No test row was opened, so none is worn: what the files leave open has to be said first.")
    if swapped and config.gate.swapped_labels == "refuse":
        return unopened(len(test), "No test row was opened, so none is worn: labels that look swapped have to be seen to first.")
    missing = [name for name in ("candidate", "scratch") if name not in onnx]
    if missing or crossed.failed is not None:
        called = {"candidate": "candidate", "scratch": "model from scratch"}
        lacking = " and no ".join(called[name] for name in missing) or f"held-out fold ({crossed.failed})"
        why = " Why each arm was left out or failed stands beside it." if missing else ""
        return unopened(len(test), f"There is no {lacking} to compare, so no test row was opened.{why}")
    prints = row_keys(test)
    offered = offered_rows(config, test, ingested.leakage)
    ledger = ledger_of(config)
    if ledger is None:
        return _of_all(unrecorded(len(offered), config.gate.alpha), offered, len(test))
    opening = Opening(
        model=config.model.name,
        decision_id=decision_id(config, ingested, champion),
        same=same_but_for_rounding(config, ingested, champion),
        comparison=comparison(config, ingested, onnx, crossed, test),
        config=config.gate.ledger,
        alpha=config.gate.alpha,
        min_test_rows=config.gate.min_test_rows,
        dry_run=dry_run,
    )
    return _of_all(ledger.open(opening, prints.take(offered)), offered, len(test))


def offered_rows(config: RunConfig, test: Domain, leakage: Leakage | None) -> npt.NDArray[np.int64]:
    """Positions of the rows that the ledger is asked for.

    Copies of one row are one piece of evidence and are offered once; equal draws of a discrete table are offered each. A stream
    is not offered rows that nearly stand among the training rows either: their bets could not be taken back.
    """
    from ntgate.data.repeats import first_of_each

    offered = first_of_each(test)
    streaming = config.gate.ledger.policy == "e_process"
    return np.setdiff1d(offered, leakage.positions) if streaming and leakage is not None else offered


def _of_all(granted: Allowance, offered: npt.NDArray[np.int64], n: int) -> Allowance:
    """What was granted of the ``offered`` rows, as positions among all ``n``."""
    if len(offered) == n or granted.closed:
        return granted
    reason = f"{granted.reason} {n - len(offered)} further rows repeat others, or nearly stand among the training rows."
    rows = tuple(offered[granted.positions].tolist())
    return granted.model_copy(update={"offered": n, "rows": rows, "reason": reason})


def preview(config: RunConfig, test: Domain, leakage: Leakage | None) -> Allowance | None:
    """What a new comparison would be granted on these rows; nothing is written. None where the ledger does not answer.

    Raises:
        ConfigError: when there is no database for the ledger.
    """
    from ntgate.data.records import row_keys
    from ntgate.errors import RegistryError

    gate, ledger, prints = config.gate, ledger_of(config), row_keys(test)
    offered = offered_rows(config, test, leakage)
    if ledger is None:
        return _of_all(unrecorded(len(offered), gate.alpha), offered, len(test))
    try:
        granted = ledger.preview(
            prints.take(offered), gate.ledger, model=config.model.name, alpha=gate.alpha, min_test_rows=gate.min_test_rows
        )
    except RegistryError:
        return None
    return _of_all(granted, offered, len(test))


def close_rows(config: RunConfig, test: Domain, judged: Evidence, decision: GateDecision) -> None:
    """Write the outcome down.

    Raises:
        RegistryError: when the ledger does not answer: the rows stay opened, and the same run again finds them so.
    """
    from ntgate.data.records import row_keys

    ledger, allowance = ledger_of(config), judged.allowance
    if ledger is None or allowance is None or allowance.entry is None:
        return
    if allowance.policy != "e_process":
        ledger.close(allowance, decision.outcome)
        return
    ledger.close(allowance, decision.outcome, fingerprints=row_keys(test), bets=_bets(judged))


def _bets(judged: Evidence) -> dict[str, npt.NDArray[np.int64]]:
    """By model that the candidate is compared with: 1 for a row gained, 0 for a tie, -1 for a row lost."""
    from ntgate.evaluation.gained import correct

    first, won = judged.usable("candidate"), {}
    for name in ("scratch", "champion", "uncompressed", "constant"):
        second = judged.usable(name)
        if first is not None and second is not None:
            difference = correct(judged.y, first) - correct(judged.y, second)
            won[judged.opponent(name)] = difference.astype(np.int64)
    return won
