"""The training loop that one writes by hand: what ntgate's own is held against."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ntgate.training.network import Network
from ntgate.training.streams import Rows


def accuracy(labels: Tensor, scores: Tensor) -> float:
    """The share of rows whose greatest score is their label's."""
    return float((scores.argmax(dim=1) == labels).float().mean())


def plain_loop(
    network: Network,
    train: Rows,
    held: Rows,
    steps: int,
    batch: int,
    evaluations: int,
    device: torch.device,
    *,
    mixed: bool = False,
) -> None:
    """Index the batch, forward, cross-entropy, backward, clip, AdamW, a cosine schedule; ``mixed``: in bf16."""
    network.to(device=device, memory_format=torch.channels_last)
    x, y, held_x, held_y = (part.to(device) for part in (train.x, train.y, held.x, held.y))
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)
    warm_up = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1)))
    )
    cast = torch.autocast(device.type, torch.bfloat16, enabled=mixed)
    order, at = torch.randperm(len(x), device=device), 0
    network.train()
    for step in range(1, steps + 1):
        if at + batch > len(x):
            order, at = torch.randperm(len(x), device=device), 0
        index = order[at : at + batch]
        at += batch
        with cast:
            loss = nn.functional.cross_entropy(network(x[index]), y[index])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % max(1, steps // evaluations) == 0:
            network.eval()
            with torch.inference_mode(), cast:
                scores = network(held_x).float().softmax(dim=1)
            accuracy(held_y.cpu(), scores.cpu())
            network.train()
