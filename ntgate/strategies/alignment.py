"""Shallow alignment: the source's features are brought to the target's by a map, and one linear head is fitted on both.

The maps, with their papers, are in ``maps``, one a file. A deep backbone is not trained further: what is aligned are the features
of the source model, or the encoded columns of a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ntgate.base import Positive, Real, Whole
from ntgate.extras import install
from ntgate.strategies.base import Arm, Facts, Strategy, Trained
from ntgate.strategies.cost import Cost
from ntgate.strategies.rank import Case, Rank

if TYPE_CHECKING:
    from ntgate.data.domain import Ints
    from ntgate.strategies.maps.aligned import Aligned, Floats


class Alignment(Strategy):
    """Align, then fit a linear head on aligned source rows and labelled target rows.

    Attributes:
        method: ``coral``, ``subspace`` (alignment of principal subspaces), ``tca`` (with a linear kernel) or
            ``optimal_transport`` (needs the extra ``ntgate[transport]``).
        dimension: of the common space of ``subspace`` and ``tca``.
        ridge: added to the covariances by ``coral``, whose features are standardised.
        entropy: of the transport plan, in units of the mean cost; 0 computes the exact plan.
        most_rows: of each domain that the transport plan is computed for; more are sampled, and the others left out.
        target_share: of the labelled target rows in the head's loss.
        penalties: inverse L2 strengths of the head, to choose from on the validation rows.
        space: what is aligned: encoded ``columns``, the source's ``embedding``, or ``auto``: columns for tables.
    """

    kind: Literal["alignment"] = "alignment"
    label: ClassVar[str] = "shallow alignment"
    reads_by_network: ClassVar[bool] = True
    method: Literal["coral", "subspace", "tca", "optimal_transport"] = "coral"
    dimension: Whole = Field(30, gt=0, le=16_384)
    ridge: Real = Field(1.0, ge=1e-12, le=1e12)
    entropy: Real = Field(0.1, ge=0, le=1e6)
    most_rows: Whole = Field(1000, gt=1, le=100_000)
    target_share: Real = Field(0.5, gt=0, lt=1)
    penalties: tuple[Positive, ...] = Field((0.001, 0.01, 0.1, 1.0, 10.0), min_length=1, max_length=100)
    space: Literal["auto", "embedding", "columns"] = "auto"

    def unsuitable(self, facts: Facts) -> str | None:
        """One head serves both domains; a covariance takes two rows; transport takes POT."""
        from ntgate.strategies.maps.transport import available
        from ntgate.strategies.shared_head import source_lacks_classes

        if facts.target_rows + facts.unlabelled_rows < 2:
            return "it aligns the source with the spread of the target, and there is but one target row"
        if self.method == "optimal_transport" and not available():
            return f"optimal transport needs the package POT: {install('transport')}"
        return source_lacks_classes(facts)

    def rank(self, case: Case) -> Rank:
        """On raw features beside the linear probe, and under a strong shift before it, for a map is what such a shift calls for.

        On the embedding of images it comes behind the methods that train the features.
        """
        over = f"over {case.target_rows} target rows"
        if not case.raw:
            if case.strong:
                moved = f"strong shift ({case.distance}) of an embedding"
                return Rank(2.4, f"{moved}, mapped by its moments {over} without training it further")
            return Rank(3.3, f"no strong shift of the embedding to map ({case.distance})")
        if case.strong:
            place = -0.1 if case.few and case.unlabelled_rows else 0.05 if case.few else 1.8
            return Rank(place, f"strong shift of raw features ({case.distance}), mapped by their moments {over}")
        if case.few:
            return Rank(0.2, f"few parameters suit {case.labels}, and there is some shift to map ({case.distance})")
        return Rank(2.6, f"{case.labels} can carry more than a linear head on mapped features")

    def seconds(self, cost: Cost) -> float | None:
        """That of a few linear heads on both domains' rows."""
        rows = cost.source_rows + cost.target_rows
        return 1e-8 * rows * min(cost.width, 200) * cost.classes * len(self.penalties) * cost.fits

    def train(self, arm: Arm) -> Trained:
        """Embed, align, and fit one head a penalty."""
        from ntgate.strategies.feature_space import features, network_over, target_parts
        from ntgate.strategies.linear_head import fit_head

        view = arm.view
        network = network_over(arm, self.space)
        source = view.source.relabelled(view.train.classes)
        rng = np.random.default_rng(arm.seed)
        if self.method == "optimal_transport" and len(source) > self.most_rows:
            source = source.take(np.sort(rng.permutation(len(source))[: self.most_rows]))
        of_source, of_target = features(network, arm, source), features(network, arm, *target_parts(arm))
        aligned = self.aligned(of_source, of_target, rng)
        rows = np.concatenate([aligned.source, aligned.target(of_target[: len(view.train)])])
        labels: Ints = np.concatenate([source.labels, view.train.labels])
        n, m = len(source), len(view.train)
        weights = np.repeat([(1 - self.target_share) / n, self.target_share / m], [n, m]) * (n + m)
        curve = fit_head(network, arm, rows, labels, self.penalties, weights=weights, folded=aligned.folded)
        return arm.network(network, arm.pretrained.encoder, curve, len(curve))

    def aligned(self, source: Floats, target: Floats, rng: np.random.Generator) -> Aligned:
        """Source rows ``(n, d)`` and the map of target rows ``(m, d)``, with the scaling of the features folded into it.

        Each domain is standardised by its own statistics, as in the published protocols; for TCA both by joint ones, since
        a difference of means is what it works on.
        """
        from ntgate.shift.columns.feature_scale import feature_scale
        from ntgate.strategies.maps.aligned import Aligned
        from ntgate.strategies.maps.coral import coral
        from ntgate.strategies.maps.subspace import subspace_alignment
        from ntgate.strategies.maps.transfer_components import transfer_components
        from ntgate.strategies.maps.transport import optimal_transport

        joint = np.concatenate([source, target])
        of_source, of_target = (joint, joint) if self.method == "tca" else (source, target)
        mean, scale = of_target.mean(axis=0), feature_scale(of_target)
        source = (source - of_source.mean(axis=0)) / feature_scale(of_source)
        target = (target - mean) / scale
        match self.method:
            case "coral":
                found = coral(source, target, ridge=self.ridge)
            case "subspace":
                found = subspace_alignment(source, target, dimension=self.dimension)
            case "tca":
                found = transfer_components(source, target, dimension=self.dimension)
            case _:
                some = target[np.sort(rng.permutation(len(target))[: self.most_rows])]
                found = optimal_transport(source, some, entropy=self.entropy)
        return Aligned(found.source, found.matrix / scale[:, None], found.offset - (mean / scale) @ found.matrix)
