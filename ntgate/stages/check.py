"""Check: the data as a run would see them, and nothing written."""

from __future__ import annotations

import numpy as np

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.data.column_seen import Reading
from ntgate.data.domain import Domain
from ntgate.data.leakage import Leakage
from ntgate.errors import Faults, NtgateError
from ntgate.gate.allowance import Allowance
from ntgate.gate.power import Power
from ntgate.training.loaded import Loaded


class PartSeen(Frozen):
    """One part of the data.

    Attributes:
        rows: number of rows.
        labels: rows by class name; None where labels were not looked at.
        groups: number of groups; None where none are declared.
        times: first and last time; None where none are declared.
        read_as: what had to be recognised to read the file; none of it is usual.
    """

    rows: int
    labels: dict[str, int] | None
    groups: int | None
    times: tuple[float, float] | None
    read_as: str = ""

    @classmethod
    def of(cls, domain: Domain) -> PartSeen:
        """Count the rows of a domain."""
        labels = None
        if domain.y is not None:
            counts = np.bincount(domain.y, minlength=len(domain.classes)).tolist()
            labels = dict(zip(domain.classes, counts, strict=True))
        return cls(
            rows=len(domain),
            labels=labels,
            groups=None if domain.groups is None else len(np.unique(domain.groups)),
            times=None if domain.times is None else (float(domain.times.min()), float(domain.times.max())),
            read_as=domain.read_as,
        )


class Checked(Frozen):
    """The data of a config.

    Attributes:
        parts: each part by name: ``source``, ``train``, ``validation``, ``test``, and ``unlabelled`` where there is one.
        leakage: what the test rows share with the others.
        power: what the test rows that may still be opened can show.
        reading: how columns and labels are read, and what has to be said of them.
        wear: what the ledger would grant a new comparison on the test rows; None where it does not answer.
        loaded: what existing weights give to the backbone and what not; None where it begins at random.
    """

    parts: dict[str, PartSeen]
    leakage: Leakage
    power: Power
    reading: Reading
    wear: Allowance | None
    loaded: Loaded | None = None


def check_data(config: RunConfig) -> Checked:
    """Read and split the data, compare the test rows with all others, and look for all that would stop a run later.

    Raises:
        Faults: with all of it.
    """
    from ntgate.stages.domains import Rows, read_domains
    from ntgate.stages.open_rows import preview
    from ntgate.stages.preflight import faults
    from ntgate.stages.worn import what_is_left

    rows: Rows | None = None
    found: list[NtgateError] = []
    try:
        rows = read_domains(config)
    except NtgateError as error:
        found.append(error)
    more, loaded = faults(config, None if rows is None else rows.domains)
    found += more
    if rows is None or found:
        raise found[0] if len(found) == 1 else Faults(found)
    domains, leakage = rows.domains, rows.leakage
    judged = domains["cross_fitted" if "cross_fitted" in domains else "test"]
    left = preview(config, judged, leakage)
    return Checked(
        parts={name: PartSeen.of(domain) for name, domain in domains.items()},
        leakage=leakage,
        reading=rows.reading,
        power=what_is_left(config, left, len(judged)),
        wear=left,
        loaded=loaded,
    )
