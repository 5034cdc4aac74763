"""How many threads a learner may take."""

from __future__ import annotations


def threads() -> int:
    """As many as networks are trained with here: where two processes train, each has its cores."""
    import torch

    return torch.get_num_threads()
