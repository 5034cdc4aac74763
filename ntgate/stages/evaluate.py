"""Evaluate: export both arms, check parity, and open the test rows for the frozen candidate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.gate.allowance import Allowance
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.compress import Compressed
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.drift_page import Drifted
from ntgate.stages.exported import export_checked
from ntgate.stages.ingest import Ingested
from ntgate.stages.open_rows import open_rows
from ntgate.stages.replicate import Replicated
from ntgate.stages.scores import (
    Arrays,
    OpenedRows,
    about_rows,
    constant_guess,
    of_champion,
    of_constant,
    of_exported,
    of_folds,
    of_further_arms,
)
from ntgate.stages.second_process import ALONE, Crew
from ntgate.strategies.candidate import Candidate

if TYPE_CHECKING:
    from ntgate.data.domain import Domain


class Evaluated(Frozen):
    """The frozen arms on the test rows.

    Attributes:
        candidate: what the arms were combined to; None when every arm failed.
        scratch: the baseline.
        onnx: exported model by arm; where the candidate was compressed, ``uncompressed`` is a further one.
        max_abs_diff: largest difference between a network's scores and its exported model's.
        allowance: what the ledger granted before a test row was scored.
        scores: the scores of every arm on every row that was opened, with labels, slices and groups.
        champion_unusable: why a champion that exists could not be scored.
        compression_failed: why the candidate could not be compressed as the config asks.
        constant_class: the class that the constant guess always answers; for most metrics the target's training rows have it most.
        seconds: wall time.
    """

    candidate: Candidate | None
    scratch: Candidate
    onnx: dict[str, Artifact]
    max_abs_diff: float | None
    allowance: Allowance
    scores: Artifact
    champion_unusable: str | None
    compression_failed: str | None = None
    constant_class: str | None = None
    seconds: float


def evaluate(
    config: RunConfig,
    folder: Path,
    ingested: Ingested,
    champion: ChampionSeen,
    scratch: Candidate,
    compressed: Compressed,
    replicated: Replicated,
    crossed: CrossFitted,
    drifted: Drifted,
    *,
    dry_run: bool = False,
    crew: Crew = ALONE,
) -> Evaluated:
    """Export candidate and scratch, and score them and the champion on the same test rows, as far as the ledger allows it.

    A compressed candidate comes exported: it is scored as it is, and beside it the one that it was made from. With
    cross-fitting the rows are those of the folds, and both arms' scores come from there.

    Raises:
        ModelError: when an exported model does not reproduce its network.
        RegistryError: when the ledger does not answer: no test row is scored then.
    """
    began = time.perf_counter()
    onnx, difference = _exported(config, folder, ingested, scratch, compressed)
    test = ingested.part(ingested.judged)
    swapped = bool(drifted.swapped_labels)
    allowance = open_rows(config, ingested, champion, onnx, crossed, test, swapped=swapped, dry_run=dry_run)
    arrays, unusable = _scored(config, ingested, champion, scratch, replicated, crossed, onnx, test, allowance, crew)
    guess = constant_guess(config, ingested)
    if not allowance.closed:
        arrays |= of_constant(guess, test.take(allowance.positions))
    path = folder / "scores.npz"
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return Evaluated(
        candidate=compressed.candidate,
        scratch=scratch,
        onnx=onnx,
        max_abs_diff=difference,
        allowance=allowance,
        scores=Artifact.of(path),
        champion_unusable=unusable,
        compression_failed=compressed.failed,
        constant_class=test.classes[int(guess.argmax())],
        seconds=time.perf_counter() - began,
    )


def _exported(
    config: RunConfig, folder: Path, ingested: Ingested, scratch: Candidate, compressed: Compressed
) -> tuple[dict[str, Artifact], float | None]:
    """The models that are compared, and the largest difference between a network's scores and its exported model's."""
    rows = ingested.part("validation")  # no test row is looked at before the ledger allows it
    onnx, differences, smaller = {}, [], compressed.smaller
    if smaller is not None:
        onnx = {"candidate": smaller.model, "uncompressed": smaller.uncompressed}
        differences.append(smaller.max_abs_diff)
    for name, arm in {"candidate": compressed.candidate, "scratch": scratch}.items():
        if arm is None or arm.failed is not None or name in onnx:
            continue
        path = folder / f"{name}.onnx"
        differences.append(export_checked(config, arm.load(), rows, path))
        onnx[name] = Artifact.of(path)
    return onnx, max(differences, default=None)


def _scored(
    config: RunConfig,
    ingested: Ingested,
    champion: ChampionSeen,
    scratch: Candidate,
    replicated: Replicated,
    crossed: CrossFitted,
    onnx: dict[str, Artifact],
    test: Domain,
    allowance: Allowance,
    crew: Crew,
) -> tuple[Arrays, str | None]:
    """All that the gate is shown of the rows, and why the champion has no scores where it has none."""
    known = about_rows(config, test, np.arange(len(test)) if allowance.closed else allowance.positions)
    if allowance.closed:
        return known, champion.unusable
    whole, test = test, test.take(allowance.positions)
    held, unusable = of_champion(champion, test)
    if config.gate.cross_fitting is not None:
        return {**known, **of_folds(crossed.folds, whole, allowance.positions), **held}, unusable
    further = of_further_arms(scratch, replicated, test, OpenedRows(ingested, allowance.positions), crew)
    return {**known, **of_exported(onnx, test), **further, **held}, unusable
