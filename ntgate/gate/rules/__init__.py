"""The gate's rules: adding one is one file and one line in this tuple; those of one's own are :mod:`ntgate.gate.own_rule`."""

from __future__ import annotations

from collections.abc import Callable

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding
from ntgate.gate.rules.champion import champion
from ntgate.gate.rules.compression import compression
from ntgate.gate.rules.constant_guess import constant_guess
from ntgate.gate.rules.leakage import leakage
from ntgate.gate.rules.negative_transfer import negative_transfer
from ntgate.gate.rules.reading import reading
from ntgate.gate.rules.seeds import seeds
from ntgate.gate.rules.swapped_labels import labels
from ntgate.gate.rules.target_learners import target_learners
from ntgate.gate.rules.test_rows import test_rows
from ntgate.gate.rules.wear import wear

RULES: tuple[Callable[[Case], Finding], ...] = (
    wear,
    test_rows,
    reading,
    leakage,
    labels,
    negative_transfer,
    target_learners,
    constant_guess,
    seeds,
    champion,
    compression,
)
