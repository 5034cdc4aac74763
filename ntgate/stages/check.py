"""Check: the data as a run would see them, and nothing written."""

from __future__ import annotations

import numpy as np

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.data.domain import Domain
from ntgate.data.leakage import Leakage


class PartSeen(Frozen):
    """One part of the data.

    Attributes:
        rows: number of rows.
        labels: rows by class name; None where labels were not looked at.
        groups: number of groups; None where none are declared.
        times: first and last time; None where none are declared.
    """

    rows: int
    labels: dict[str, int] | None
    groups: int | None
    times: tuple[float, float] | None

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
        )


class Checked(Frozen):
    """The data of a config.

    Attributes:
        parts: each part by name: ``source``, ``train``, ``validation``, ``test``, and ``unlabelled`` where there is one.
        leakage: what the test rows share with the others.
    """

    parts: dict[str, PartSeen]
    leakage: Leakage


def check_data(config: RunConfig) -> Checked:
    """Read and split the data, and compare the test rows with all others.

    Raises:
        DataError: when the data cannot bear a run.
    """
    from ntgate.stages.ingest import leakage_of, read_domains

    domains = read_domains(config)
    return Checked(
        parts={name: PartSeen.of(domain) for name, domain in domains.items()}, leakage=leakage_of(config, domains)
    )
