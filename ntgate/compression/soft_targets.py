"""The objective of compression: the labels, and the softened scores of the uncompressed network.

Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", NeurIPS workshop 2014, arXiv:1503.02531 (2015),
section 2.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.streams import Rows


class SoftTargets(Objective):
    """Cross-entropy on the stream ``labelled`` and distillation on the stream ``scored``.

    Args:
        network: the student, trained in place.
        teacher: logits ``(n, c)`` of the teacher; the label of a row of ``scored`` is the row's number in it.
        temperature: softens both distributions.
        label_weight: weight of the cross-entropy; the distillation has the rest.
        masks: by parameter name, 1 where a weight learns and 0 where it stays zero, in the parameter's shape.
    """

    teacher: Tensor

    def __init__(
        self, network: Network, teacher: Tensor, *, temperature: float, label_weight: float, masks: Mapping[str, Tensor]
    ) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("teacher", teacher, persistent=False)
        self._temperature, self._label_weight = temperature, label_weight
        self._masked = tuple(masks)
        for i, mask in enumerate(masks.values()):
            self.register_buffer(f"mask_{i}", mask, persistent=False)

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:  # noqa: ARG002
        """The weighted sum of both losses."""
        labelled, scored = batch["labelled"], batch["scored"]
        of_labels = nn.functional.cross_entropy(self._logits(labelled.x), labelled.labels)
        of_teacher = distillation_loss(self._logits(scored.x), self.teacher[scored.labels], self._temperature)
        return self._label_weight * of_labels + (1 - self._label_weight) * of_teacher

    def _logits(self, x: Tensor) -> Tensor:
        if not self._masked:
            plain: Tensor = self.network(x)
            return plain
        # A product with the mask has no gradient where the mask is zero, and AdamW leaves a zero without gradient at zero.
        parameters = dict(self.network.named_parameters())
        masked = {name: parameters[name] * self.get_buffer(f"mask_{i}") for i, name in enumerate(self._masked)}
        logits: Tensor = torch.func.functional_call(self.network, masked, (x,))
        return logits


def distillation_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """``T^2 KL(softmax(teacher / T) || softmax(student / T))``, averaged over the rows of the logits ``(n, c)``.

    Its gradient is that of Hinton's cross-entropy with soft targets. The factor ``T^2`` keeps the size of the gradient, which
    shrinks as ``1 / T^2``, so that the weight beside the labels means the same at every temperature.

    >>> teacher = torch.tensor([[2.0, 0.0]])
    >>> distillation_loss(teacher, teacher, 3.0).item(), round(distillation_loss(torch.zeros(1, 2), teacher, 1.0).item(), 4)
    (0.0, 0.3278)
    """
    of_teacher = (teacher / temperature).log_softmax(dim=1)
    of_student = (student / temperature).log_softmax(dim=1)
    divergence = nn.functional.kl_div(of_student, of_teacher, reduction="batchmean", log_target=True)
    return temperature**2 * divergence
