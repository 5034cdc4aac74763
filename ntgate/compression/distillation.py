"""Distillation: a smaller network learns the scores of the chosen one.

Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531 (2015).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ntgate.base import Real, Whole
from ntgate.compression.base import NetworkCompression
from ntgate.errors import ModelError
from ntgate.training.config import Backbone, default_backbone

if TYPE_CHECKING:
    from ntgate.models.base import Model
    from ntgate.models.network import NetworkModel
    from ntgate.strategies.base import Arm
    from ntgate.training.network import Network


class Distillation(NetworkCompression):
    """Train a student from its initialisation on the teacher's soft scores and the target's labels.

    Attributes:
        budget: steps of the student, in budgets of an arm: unlike an arm it starts from nothing.
        student: the student's backbone; None: the teacher's kind (mlp or cnn) with a ``width`` of its units.
        width: share of the teacher's units that each layer of the student has, where no student is named.
    """

    kind: Literal["distillation"] = "distillation"
    student: Backbone | None = None
    width: Real = Field(0.5, gt=0, lt=1)
    budget: Whole = Field(4, ge=1, le=100)

    def compress(self, teacher: NetworkModel, arm: Arm) -> NetworkModel:
        """The trained student.

        Raises:
            ModelError: when the student is not smaller than the teacher.
        """
        from ntgate.compression.units import narrower
        from ntgate.training.network import build

        spec = teacher.network.spec
        backbone = self.student or narrower(spec.backbone, self.width)
        student = build(spec.model_copy(update={"backbone": backbone}), arm.seed)
        before, after = _size(teacher.network), _size(student)
        if after >= before:
            raise ModelError(
                "compression.student",
                expected=f"fewer parameters than the {before} of the chosen network",
                got=str(after),
                fix="name a smaller backbone",
            )
        student.normaliser.load_state_dict(teacher.network.normaliser.state_dict())
        training = arm.training.model_copy(update={"steps": self.budget * arm.steps})
        return self.relearn(student, teacher, dataclasses.replace(arm, training=training))


def distilled(teacher: Model, arm: Arm, backbone: Backbone | None) -> NetworkModel:
    """A network that has learnt the scores of any model, a committee's above all, on all rows that there are.

    Args:
        teacher: its scores are learnt.
        arm: the rows and the budget.
        backbone: the network's; None: by the shape of the rows.
    """
    import torch

    from ntgate.data.encoder import fit_encoder
    from ntgate.training.config import NetworkSpec
    from ntgate.training.network import build
    from ntgate.training.source import rows_of

    view, method = arm.view, Distillation()
    if view.train.texts:
        raise ModelError(
            "the committee as one network",
            expected="rows of numbers and categories",
            got=f"texts in {view.train.texts[0]}",
            fix="set committee.distil to false, and leave out compression that needs a network",
        )
    encoder = fit_encoder(view.source, view.train, *([] if view.unlabelled is None else [view.unlabelled]))
    rows = torch.cat([rows_of(encoder, part).x for part in (view.source, view.train)])
    shape = tuple(rows.shape[1:])
    spec = NetworkSpec(backbone=backbone or default_backbone(shape), input_shape=shape, classes=len(view.train.classes))
    student = build(spec, arm.seed)
    student.normaliser.fit(rows)
    training = arm.training.model_copy(update={"steps": method.budget * arm.steps})
    return method.relearn(student, teacher, dataclasses.replace(arm, training=training), encoder=encoder)


def _size(network: Network) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
