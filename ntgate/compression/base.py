"""What a compression that acts on the network is: a frozen config that turns one trained network into a smaller one."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from ntgate.base import Frozen, Real

if TYPE_CHECKING:
    from torch import Tensor

    from ntgate.data.encoder import Encoder
    from ntgate.models.base import Model
    from ntgate.models.network import NetworkModel
    from ntgate.strategies.base import Arm
    from ntgate.training.network import Network


class NetworkCompression(Frozen):
    """A compression that ends with training: what was taken away is made good with the uncompressed network as the teacher.

    Labelled target rows are few, so the teacher's scores on unlabelled rows carry most of what it knows; see
    :class:`~ntgate.compression.soft_targets.SoftTargets` for the loss.

    Attributes:
        temperature: softens the scores of teacher and student.
        label_weight: weight of the labels' cross-entropy; 1: learn from the labels alone, 0: from the teacher alone.
        source_rows: let the teacher score the source rows too; their labels are not used.
    """

    kind: str
    temperature: Real = Field(2.0, ge=1e-3, le=1e6)
    label_weight: Real = Field(0.3, ge=0, le=1)
    source_rows: bool = True

    @abstractmethod
    def compress(self, teacher: NetworkModel, arm: Arm) -> NetworkModel:
        """A smaller network with the scores of ``teacher``, trained within the arm's budget.

        Raises:
            ModelError: when the network cannot be made smaller in this way.
        """

    def relearn(
        self, student: Network, teacher: Model, arm: Arm, masks: Mapping[str, Tensor] | None = None, encoder: Encoder | None = None
    ) -> NetworkModel:
        """Train ``student`` in place, early-stopped on the validation rows; parameters keep the zeros of their ``masks``.

        The student has the teacher's encoder where that is a network, else ``encoder``.
        """
        import torch

        from ntgate.compression.soft_targets import SoftTargets
        from ntgate.models.network import NetworkModel
        from ntgate.training.source import rows_of
        from ntgate.training.streams import Rows

        view = arm.view
        encoder = teacher.encoder if isinstance(teacher, NetworkModel) else encoder
        assert encoder is not None
        parts = [part for part in (view.train, view.unlabelled, view.source if self.source_rows else None) if part]
        labelled = rows_of(encoder, view.train)
        x = torch.cat([rows_of(encoder, part).x for part in parts])
        if isinstance(teacher, NetworkModel):
            with torch.inference_mode():
                logits = torch.cat([teacher.network.eval()(part) for part in x.split(1024)])
        else:
            scores = torch.cat([torch.from_numpy(teacher.scores(part.rows)) for part in parts])
            logits = scores.clamp_min(1e-6).log()
        # The teacher never changes, so each of its logits is computed once; a row's "label" is the number of its logits.
        streams = {"labelled": labelled, "scored": Rows(x, torch.arange(len(x)))}
        objective = SoftTargets(
            student, logits.clone(), temperature=self.temperature, label_weight=self.label_weight, masks=masks or {}
        )
        arm.fit(objective, streams, encoder)
        return NetworkModel(objective.network, encoder, teacher.classes)


def part_of_budget(arm: Arm, number: int, parts: int) -> Arm:
    """The arm with its part ``number`` (from 0) of ``parts`` equal ones of the budget, and a checkpoint of its own.

    The parts differ by one step at most, and their steps add up to the budget; each has at least one. The validation rows are
    scored as often as in a whole budget: more often, a few noisy scores would stop a part before it has learnt.
    """
    steps = max(1, arm.steps * (number + 1) // parts - arm.steps * number // parts)
    checkpoint = arm.checkpoint and arm.checkpoint.with_suffix(f".{number}{arm.checkpoint.suffix}")
    evaluations = max(1, arm.training.evaluations // parts)
    training = arm.training.model_copy(update={"steps": steps, "evaluations": evaluations})
    return dataclasses.replace(arm, training=training, checkpoint=checkpoint)
