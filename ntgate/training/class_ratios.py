"""How much more often each class occurs in the target than in the source, found during a training from predictions alone.

Where features are distributed alike in both domains, so are the predictions, and where the shares of the classes are not alike, the
errors on both domains then add up to at least their total variation distance (compare Zhao et al., "On Learning Invariant
Representations for Domain Adaptation", ICML 2019, theorem 4.3).
Tachet des Combes et al., "Domain Adaptation with Conditional Distribution Matching and Generalized Label Shift", NeurIPS 2020,
section 3: source rows count by the ratio of the shares, found from the confusion on the source and the predictions on the target.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MEMORY = 0.99  # about the last hundred batches count
LARGEST = 10.0  # a row of a class that is rare in the source must not outweigh its batch


class ClassRatios(nn.Module):
    """Running estimate of ``target share / source share`` of each class.

    With ``A[i, j]`` the mean chance that the network gives class ``i`` on source rows of class ``j``, and ``m[i]`` that on target
    rows, the target's shares ``q`` solve ``m = A q``. Each batch is one step of expectation maximisation towards them (Saerens et
    al., "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural Computation 14, 2002); unlike the inverse of
    ``A`` it keeps them shares: none becomes negative, and they add up to 1.

    >>> sure = torch.eye(2)
    >>> ratios = ClassRatios(2)
    >>> for _ in range(2000):  # the second class is three times as frequent in the target
    ...     found = ratios(sure, torch.tensor([0, 1]), sure[[0, 1, 1, 1]])
    >>> found
    tensor([0.5000, 1.5000])

    Args:
        classes: number of classes.
    """

    joint: Tensor
    predicted: Tensor
    shares: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        # Buffers, so that a training that was killed goes on with what it had seen. Nothing seen: equal shares, no confusion.
        self.register_buffer("joint", torch.eye(classes) / classes)
        self.register_buffer("predicted", torch.full((classes,), 1 / classes))
        self.register_buffer("shares", torch.full((classes,), 1 / classes))

    @torch.no_grad()
    def forward(self, source: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        """The ratios ``(classes,)``, after one more batch was seen.

        Args:
            source: predicted probabilities of source rows ``(n, classes)``.
            labels: of these rows ``(n,)``.
            target: predicted probabilities of target rows ``(m, classes)``.
        """
        truth = nn.functional.one_hot(labels, len(self.shares)).to(source)
        self.joint.lerp_(_over_processes(source.T @ truth / len(source)).to(self.joint), 1 - MEMORY)
        self.predicted.lerp_(_over_processes(target.mean(dim=0)).to(self.predicted), 1 - MEMORY)
        of_source = self.joint.sum(dim=0).clamp(min=1e-6)
        confusion = self.joint / of_source
        explained = (confusion @ self.shares).clamp(min=1e-6)
        self.shares.mul_(confusion.T @ (self.predicted / explained))
        self.shares.div_(self.shares.sum())
        return (self.shares / of_source).clamp(max=LARGEST)


def _over_processes(mean: Tensor) -> Tensor:
    """The mean over the equal shares of a batch that several processes hold."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.all_reduce(mean)
        mean = mean / torch.distributed.get_world_size()
    return mean
