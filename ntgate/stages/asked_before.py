"""Whether rows that are to be asked for go with those that were asked for before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntgate.errors import ConfigError
from ntgate.gate.asked import Asked
from ntgate.stages.frozen_run import FrozenRun

if TYPE_CHECKING:
    from ntgate.ledger.ledger import Ledger


def refuse_others(run: FrozenRun, before: Asked | None, asked: Asked, ledger: Ledger | None) -> None:
    """With declared looks one set of rows is asked for, once: other rows would be another try at the same level.

    Raises:
        ConfigError: when they are others.
    """
    fix = "judge those; gate.labels.policy: as_they_come in the config of a run lets more be asked for"
    if before is None:
        opened = [] if ledger is None else ledger.openings(asked.id)
        if opened and asked.looks is not None and not _known(ledger, asked):
            raise ConfigError(
                run.place.address, expected="the rows that were asked for", got="others, of a candidate asked about before", fix=fix
            )
        return
    if before.pool != asked.pool or (before.rows, before.differ) != (asked.rows, asked.differ):
        raise ConfigError(
            run.place.address, expected="the pool of which rows were asked for", got="another one", fix="give that one"
        )
    if asked.looks is not None and before.ids != asked.ids:
        raise ConfigError(
            run.place.address, expected=f"the {len(before.ids)} rows that were asked for", got=f"{len(asked.ids)}", fix=fix
        )
    if before.ids != asked.ids[: len(before.ids)]:
        raise ConfigError(
            run.place.address,
            expected=f"at least the {len(before.ids)} rows that were asked for",
            got=f"{len(asked.ids)}",
            fix="raise --budget",
        )


def _known(ledger: Ledger | None, asked: Asked) -> bool:
    """Whether the ledger has opened these very rows for this comparison."""
    if ledger is None:
        return False
    keys = np.array([key.encode() for key in asked.keys], "S32")
    return bool(len(keys)) and not ledger.unopened(keys, "").any()
