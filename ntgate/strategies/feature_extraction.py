"""Feature extraction: a linear probe on the frozen source backbone.

Kornblith et al., "Do Better ImageNet Models Transfer Better?", CVPR 2019, section 3: multinomial logistic regression on
fixed features, its L2 penalty chosen on validation rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ntgate.base import Positive, Whole
from ntgate.errors import DataError
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.strategies.cost import Cost
from ntgate.strategies.rank import Case, Rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntgate.training.curve import CurvePoint
    from ntgate.training.network import Network

PENALTIES = (0.01, 0.1, 1.0, 10.0)


class FeatureExtraction(Strategy):
    """Fit the head on cached embeddings by L-BFGS; the features stay as the source left them.

    With ``last_blocks`` the probe is only the start: the last blocks of the features are then trained with the head, and what
    comes before them stays frozen. That is partial fine-tuning, and no longer feature extraction in the strict sense.

    Attributes:
        penalties: inverse L2 strengths to choose from on the validation rows.
        last_blocks: how many of the last blocks of the features learn too.
    """

    kind: Literal["feature_extraction"] = "feature_extraction"
    label: ClassVar[str] = "feature extraction"
    needs_source_rows: ClassVar[bool] = False
    reads_by_network: ClassVar[bool] = True
    penalties: tuple[Positive, ...] = Field(PENALTIES, min_length=1, max_length=100)
    last_blocks: Whole = Field(0, ge=0, le=1000)

    def rank(self, case: Case) -> Rank:
        """First with few labels, because it has the fewest parameters to learn; otherwise late."""
        if case.few:
            return Rank(0.0, f"few parameters suit {case.labels}")
        return Rank(2.5, f"{case.labels} can carry more than a linear probe")

    def seconds(self, cost: Cost) -> float | None:
        """That of a few linear heads, and of the last blocks where they learn."""
        heads = 1e-8 * cost.target_rows * cost.classes * 100 * len(self.penalties) * cost.fits
        return cost.network() if self.last_blocks else heads

    def train(self, arm: Arm) -> Trained:
        """Embed once, fit one head a penalty, keep the best; then train the last blocks, if any."""
        from ntgate.strategies.transfer import initial_network

        network = initial_network(arm)
        # Where the last blocks learn too, how far to go is said of them.
        curve = fit_probe(replace(arm, until=None) if self.last_blocks else arm, network, self.penalties)
        if not self.last_blocks:
            return arm.network(network, arm.pretrained.encoder, curve, len(curve))
        from ntgate.training.blocks import blocks
        from ntgate.training.partial import LastBlocks
        from ntgate.training.source import rows_of

        frozen = [module for _, module in blocks(network.features)[: -self.last_blocks]]
        encoder = arm.pretrained.encoder
        return arm.fit(LastBlocks(network, frozen), {"labelled": rows_of(encoder, arm.view.train)}, encoder)


def fit_probe(arm: Arm, network: Network, penalties: Sequence[float] = PENALTIES) -> tuple[CurvePoint, ...]:
    """Give ``network`` the head that fits its features best on the target, and return one point a penalty."""
    import numpy as np

    from ntgate.strategies.linear_head import fit_head
    from ntgate.training.source import embed

    labels = arm.view.train.labels
    if len(np.unique(labels)) < 2:
        raise DataError(
            "target", expected="training rows of two classes at least", got="one class", fix="label rows of another class"
        )
    rows = embed(network, arm.pretrained.encoder, arm.view.train).astype(np.float64)
    return fit_head(network, arm, rows, labels, penalties)
