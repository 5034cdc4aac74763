"""The committee: all arms together. Choosing one of them on few labels is worse than asking all.

Each arm's scores are brought to chances first, by a temperature learnt from rows that it had not seen. Otherwise the surest would
count most: of ten classes a forest gives the right one three in ten where a network that is right as often gives it nine.

Breiman, "Stacked Regressions", Machine Learning 24, 1996; van der Laan, Polley & Hubbard, "Super Learner", 2007. That arms which
are shown to be worse than the target alone are left out is the guard against negative transfer of Li, Cai & Li, "Transfer learning
for high-dimensional linear regression", JRSS B 84, 2022, section 3 (aggregation).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact
from ntgate.evaluation.calibration import best_temperature, log_loss, losses
from ntgate.evaluation.isotonic import shown_curve
from ntgate.evaluation.stacking import shrunk_weights, worse
from ntgate.models.committee import StoredCommittee
from ntgate.models.pooling import Curve, pooled, tempered
from ntgate.strategies.base import measured
from ntgate.strategies.candidate import Candidate
from ntgate.strategies.committee_config import CommitteeConfig

if TYPE_CHECKING:
    from ntgate.models.base import Scores, StoredModel
    from ntgate.training.loop import Metric

_SHOWN = 2.0  # standard errors of the mean difference of losses
_DIGITS = 4  # of what is noted, and used again for further seeds


def committee(
    name: str,
    arms: Sequence[Candidate],
    labels: npt.NDArray[np.int64],
    config: CommitteeConfig,
    metric: Metric,
    directory: Path,
    *,
    baseline: Candidate | None = None,
    units: npt.NDArray[np.int64] | None = None,
) -> Candidate:
    """Put trained ``arms`` together.

    Args:
        name: what the committee is called as a strategy.
        arms: trained on the same labelled rows and folds; failed ones have no say.
        labels: ``(n,)`` of the labelled rows.
        config: how.
        metric: the gate's, for the committee's own score on rows held out.
        directory: where its scores of these are kept.
        units: ``(n,)`` of rows that belong together; None: every row stands alone.
        baseline: scratch. An arm that is shown to be worse than the best of its learners has no say; these learners have one.
    """
    trained = [arm for arm in arms if arm.failed is None]
    if not trained:
        reasons = "; ".join(f"{arm.strategy}: {arm.failed}" for arm in arms)
        return Candidate(strategy=name, failed=reasons or "no arm was trained", members=tuple(arms))
    scores = [arm.held_scores() for arm in trained]
    known = np.isfinite(scores[0]).all(axis=1)
    truth = labels[known]
    heat = [round(best_temperature(truth, part[known]), _DIGITS) for part in scores]
    scores = [tempered(part[known], temperature) for part, temperature in zip(scores, heat, strict=True)]
    learners = () if baseline is None else {arm.strategy for arm in baseline.members}
    alone = [i for i, arm in enumerate(trained) if arm.strategy in learners]
    kept, weights = say(scores, truth, [_fits(arm) for arm in trained], alone, config.shrinkage)
    chosen, held = [trained[i] for i in kept], [scores[i] for i in kept]
    pool = pooled(held, tuple(weights))
    temperature, curve = best_temperature(truth, pool), shown_curve(truth, pool, None if units is None else units[known])
    own = np.full((len(labels), len(arms[0].classes or trained[0].classes)), np.nan, dtype=np.float32)
    own[known] = pooled(held, tuple(weights), temperature, curve)
    shares = {arm.strategy: round(float(weight), _DIGITS) for arm, weight in zip(chosen, weights, strict=True)}
    heats = {f"temperature.{trained[i].strategy}": heat[i] for i in kept}
    learnt = {**heats, "temperature": temperature, **({"isotonic": len(curve)} if curve else {})}
    left_out = {arm.strategy: 0.0 for arm in trained if arm.strategy not in shares}
    return Candidate(
        strategy=name,
        parameters=config.model_dump(mode="json"),
        notes={**{f"weight.{kind}": share for kind, share in (shares | left_out).items()}, **learnt},
        model=_stored(chosen, weights, [heat[i] for i in kept], temperature, curve),
        classes=trained[0].classes,
        held=_written(directory / f"{name}.held.npz", own),
        validation=measured(metric, truth, own[known]),
        validation_loss=log_loss(truth, own[known]),
        steps=sum(arm.steps for arm in arms),
        budget=sum(arm.budget for arm in arms),
        began=min((arm.began for arm in arms if arm.began is not None), default=None),
        seconds=sum(arm.seconds for arm in arms),
        members=tuple(arms),
    )


def again(made: Candidate, refitted: Sequence[Candidate]) -> Candidate:
    """The committee ``made`` with its arms trained again: what it had learnt of their weights and temperatures stays.

    Args:
        made: a committee.
        refitted: its members that have a say, each trained again.
    """
    failed = [f"{arm.strategy}: {arm.failed}" for arm in refitted if arm.failed is not None]
    if failed:
        return Candidate(strategy=made.strategy, failed="; ".join(failed))
    weights = np.array([made.notes[f"weight.{arm.strategy}"] for arm in refitted], dtype=np.float64)
    heat = [float(str(made.notes[f"temperature.{arm.strategy}"])) for arm in refitted]
    assert isinstance(made.model, StoredCommittee)
    return made.model_copy(
        update={
            "model": _stored(refitted, weights / weights.sum(), heat, made.model.temperature, made.model.curve),
            "steps": sum(arm.steps for arm in refitted),
            "seconds": sum(arm.seconds for arm in refitted),
            "members": tuple(refitted),
        }
    )


def with_a_say(made: Candidate) -> tuple[Candidate, ...]:
    """The members of a committee whose weight is not 0."""
    return tuple(arm for arm in made.members if made.notes.get(f"weight.{arm.strategy}"))


def say(
    scores: Sequence[Scores], truth: npt.NDArray[np.int64], fits: Sequence[int], alone: Sequence[int], shrinkage: float
) -> tuple[list[int], npt.NDArray[np.float64]]:
    """Which arms have a say, and with which weight.

    Args:
        scores: of each arm on rows held out, ``(n, c)``.
        truth: the classes of these ``(n,)``.
        fits: how many models each arm left, which count alike where labels are few.
        alone: the arms that use the target alone. One learner is compared with one, the best of these: a committee is better than
            most of its members.
        shrinkage: as of :class:`~ntgate.strategies.committee_config.CommitteeConfig`.
    """
    held, kept = [losses(truth, part) for part in scores], [*range(len(scores))]
    if alone:
        bar = min((held[i] for i in alone), key=lambda found: float(found.mean()))
        kept = [i for i in kept if i in alone or not worse(held[i], bar, _SHOWN)]
    prior = np.array([fits[i] for i in kept], dtype=np.float64)
    chances = np.stack([scores[i][np.arange(len(truth)), truth] for i in kept]).astype(np.float64)
    return kept, shrunk_weights(chances, prior / prior.sum(), shrinkage)


def _fits(arm: Candidate) -> int:
    """How many models an arm left: those of a pool at several weights, or one."""
    return len(arm.model.members) if _mean(arm.model) else 1


def _mean(model: StoredModel | None) -> TypeGuard[StoredCommittee]:
    """Whether a model is but the mean of its members."""
    return isinstance(model, StoredCommittee) and model.temperature == 1.0 and not model.curve


def _stored(
    arms: Sequence[Candidate], weights: npt.NDArray[np.float64], heat: Sequence[float], temperature: float, curve: Curve
) -> StoredCommittee:
    members = tuple(_tempered(arm.model, own) for arm, own in zip(arms, heat, strict=True))
    return StoredCommittee(members=members, weights=tuple(map(float, weights)), temperature=temperature, curve=curve)


def _tempered(model: StoredModel | None, temperature: float) -> StoredModel:
    """The model with its scores brought to chances: a committee of its members, or of itself alone."""
    assert model is not None
    if _mean(model):
        return model.model_copy(update={"temperature": temperature})
    return StoredCommittee(members=(model,), weights=(1.0,), temperature=temperature)


def _written(path: Path, scores: Scores) -> Artifact:
    path.parent.mkdir(parents=True, exist_ok=True)  # in a pod of its own no arm has made it
    np.savez_compressed(path, allow_pickle=False, scores=scores)
    return Artifact.of(path)
