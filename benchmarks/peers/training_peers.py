"""The trainers of Lightning and Hugging Face on the cases of training_speed.py, in an environment without ntgate.

python training_peers.py lightning|trainer REPEATS '{case: {...}}'   # one JSON object: seconds of each case
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import sys
import tempfile
import time

import torch
from torch import nn


def module(backbone: dict, shape: list[int]) -> nn.Module:
    """The same layers as ntgate's backbones, with the head."""
    if backbone["kind"] == "mlp":
        sizes = [math.prod(shape), *backbone["hidden"]]
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out in itertools.pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(backbone["dropout"])]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))
    height, width = shape
    layers, channels = [nn.Unflatten(1, (1, height))], 1
    for fan_out in backbone["channels"]:
        layers += [nn.Conv2d(channels, fan_out, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()]
        channels, height, width = fan_out, height // 2, width // 2
    flat = channels * height * width
    layers += [nn.Flatten(), nn.Linear(flat, backbone["width"]), nn.ReLU(), nn.Dropout(backbone["dropout"])]
    return nn.Sequential(*layers, nn.Linear(backbone["width"], 10))


def with_lightning(network: nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int, batch: int) -> None:
    import logging

    import lightning

    logging.getLogger("lightning").setLevel(logging.ERROR)

    class Classifier(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, part, index):  # noqa: ARG002
            return nn.functional.cross_entropy(self.network(part[0]), part[1])

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), lr=1e-3, fused=True)

    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch, shuffle=True, drop_last=True)
    trainer = lightning.Trainer(
        accelerator="auto",
        devices=1,
        max_steps=steps,
        gradient_clip_val=1.0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Classifier(), loader)


def with_trainer(network: nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int, batch: int) -> None:
    import transformers

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x, labels):
            logits = self.network(x)
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    class Pairs(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, i: int):
            return {"x": x[i], "labels": y[i]}

    with tempfile.TemporaryDirectory() as folder:
        options = transformers.TrainingArguments(
            folder,
            max_steps=steps,
            per_device_train_batch_size=batch,
            learning_rate=1e-3,
            max_grad_norm=1.0,
            optim="adamw_torch_fused",
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            dataloader_drop_last=True,
        )
        transformers.Trainer(Classifier(), options, train_dataset=Pairs()).train()


def clock() -> float:
    """As in training_speed.py."""
    if not torch.cuda.is_available():
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def main() -> None:
    name, repeats, cases = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    torch.set_num_threads(1)
    train = {"lightning": with_lightning, "trainer": with_trainer}[name]
    found = {}
    for case, told in cases.items():
        x = torch.randn(told["rows"], *told["shape"])
        y = torch.randint(0, 10, (told["rows"],))
        train(module(told["backbone"], told["shape"]), x, y, 5, told["batch"])  # imports, and whatever is built once
        times = []
        for _ in range(repeats):
            network = module(told["backbone"], told["shape"])
            began = clock()
            train(network, x, y, told["steps"], told["batch"])
            times.append(clock() - began)
        found[case] = statistics.median(times)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
