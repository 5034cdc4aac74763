"""Instance transfer: source rows that resemble the target are merged with the target's and learnt from.

The weights, with their papers, are in ``weighting``, one method a file; the balance of the two domains is that of Ben-David et al.,
"A theory of learning from different domains", 2010, section 5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import Field

from ntgate.base import NUMBER, Real, Whole
from ntgate.strategies.base import Arm, Facts, Strategy, Trained
from ntgate.strategies.rank import Case, Rank

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.strategies.weighting.bounded import Floats

Weighting: TypeAlias = Literal[
    "uniform", "euclidean", "cosine", "density_ratio", "domain_classifier", "kernel_mean_matching", "kliep", "tradaboost"
]


class InstanceTransfer(Strategy):
    """Train on target rows and weighted source rows together.

    Attributes:
        weighting: how alike a source row and the target are: by distance (``euclidean``, ``cosine``), by the density ratio
            (``density_ratio`` is uLSIF, ``kliep``, ``kernel_mean_matching``, ``domain_classifier``), by the errors of a boosted
            learner (``tradaboost``), or not at all (``uniform``).
        most: no source row counts for more than this many average ones.
        selection: share of the source rows, those of greatest weight, that are kept, all counting alike; None: all rows with their
            weights.
        target_share: of the labelled target rows in the loss.
        start: from the weights of the ``source`` model, or ``fresh``, so that left-out source rows have no say at all.
        features_rate: from the source model, the features learn at this multiple of the head's learning rate.
        rounds: of TrAdaBoost.
        space: where rows are compared: encoded ``columns``, the source's ``embedding``, or ``auto``: columns for tables.
    """

    kind: Literal["instance_transfer"] = "instance_transfer"
    label: ClassVar[str] = "instance transfer"
    reads_by_network: ClassVar[bool] = True
    streams: ClassVar[int] = 2
    weighting: Weighting = "domain_classifier"
    most: Real = Field(10.0, gt=1, le=1e6)
    selection: Annotated[float, Field(gt=0, lt=1), NUMBER] | None = None
    target_share: Real = Field(0.5, gt=0, lt=1)
    start: Literal["source", "fresh"] = "source"
    features_rate: Real = Field(0.3, ge=1e-9, le=1e6)
    rounds: Whole = Field(20, gt=1, le=10_000)
    space: Literal["auto", "embedding", "columns"] = "auto"

    def unsuitable(self, facts: Facts) -> str | None:
        """The merged rows share one label space, and to compare domains takes more than one row of the target."""
        from ntgate.strategies.shared_head import source_lacks_classes

        if facts.target_rows + facts.unlabelled_rows < 2:
            return "it compares source rows with target rows, and there is but one of them"
        return source_lacks_classes(facts)

    def weights(self, arm: Arm, source: Domain) -> Floats:
        """Weights ``(n,)`` of the rows of ``source``, whose labels are codes of the target's classes: mean 1, bounded."""
        from ntgate.strategies.weighting.bounded import bounded
        from ntgate.strategies.weighting.selection import top_share

        found = np.ones(len(source)) if self.weighting == "uniform" else self._resemblance(arm, source)
        return bounded(found, self.most) if self.selection is None else top_share(found, self.selection)

    def _resemblance(self, arm: Arm, source: Domain) -> Floats:
        from ntgate.shift.columns.robust_scale import standardised
        from ntgate.strategies.feature_space import features, network_over, target_parts
        from ntgate.strategies.weighting.density_ratio import density_ratio
        from ntgate.strategies.weighting.domain_classifier import classifier_odds
        from ntgate.strategies.weighting.kernel_mean_matching import kernel_mean_matching
        from ntgate.strategies.weighting.kliep import kliep
        from ntgate.strategies.weighting.similarity import similarity
        from ntgate.strategies.weighting.tradaboost import tradaboost

        network = network_over(arm, self.space)
        # One scale for both domains: standardised one by one they would have lost what tells them apart.
        rows = standardised(features(network, arm, source, *target_parts(arm)))
        of_source, of_target = rows[: len(source)], rows[len(source) :]
        match self.weighting:
            case "euclidean" | "cosine":
                return similarity(of_source, of_target, measure=self.weighting)
            case "density_ratio":
                return density_ratio(of_source, of_target, seed=arm.seed)
            case "kliep":
                return kliep(of_source, of_target, seed=arm.seed)
            case "kernel_mean_matching":
                return kernel_mean_matching(of_source, of_target, most=self.most, seed=arm.seed)
            case "tradaboost":
                labelled = of_target[: len(arm.view.train)]
                return tradaboost(of_source, source.labels, labelled, arm.view.train.labels, rounds=self.rounds)
            case _:
                return classifier_odds(of_source, of_target, seed=arm.seed)

    def rank(self, case: Case) -> Rank:
        """It lives on source rows that resemble the target: without a strong shift there are many.

        Under a strong shift few source rows carry all of the weight (Cortes et al., "Learning Bounds for Importance Weighting",
        NeurIPS 2010: the variance grows with that of the weights), so it comes late.
        """
        source = f"{case.source_rows} source rows"
        if case.strong:
            few = f"few of the {source} resemble the target and would carry all of the weight"
            return Rank(3.4, f"strong shift ({case.distance}): {few}")
        many = f"many of the {source} resemble the target ({case.distance})"
        if case.few:
            return Rank(0.3, f"{many} and add to {case.labels}")
        return Rank(2.3, f"{many}, but {case.labels} need them less")

    def train(self, arm: Arm) -> Trained:
        """Weigh the source rows, then fit all weights on both domains, early-stopped on the validation rows.

        The notes say how many source rows were kept, and how many equally weighted ones they are worth.
        """
        import torch

        from ntgate.strategies.transfer import initial_network
        from ntgate.strategies.weighting.bounded import effective_sample_size
        from ntgate.training.network import build
        from ntgate.training.source import rows_of
        from ntgate.training.streams import Rows
        from ntgate.training.weighted import Weighted

        encoder, view = arm.pretrained.encoder, arm.view
        source = view.source.relabelled(view.train.classes)
        weights = self.weights(arm, source)
        source, weights = source.take(np.flatnonzero(weights > 0)), weights[weights > 0]
        weights = weights / weights.mean()
        rows, labelled = rows_of(encoder, source), rows_of(encoder, view.train)
        network = initial_network(arm)
        if self.start == "fresh":
            network = build(network.spec, arm.seed)
            network.normaliser.fit(torch.cat([rows.x, labelled.x]))
        objective = Weighted(
            network,
            rows.labels,
            torch.from_numpy(weights).float(),
            share=self.target_share,
            features_rate=1.0 if self.start == "fresh" else self.features_rate,
        )
        streams = {"source": Rows(rows.x, torch.arange(len(rows))), "labelled": labelled}
        notes = {"source_rows": len(source), "effective_source_rows": effective_sample_size(weights)}
        return replace(arm.fit(objective, streams, encoder), notes=notes)
