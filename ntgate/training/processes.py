"""Data parallel training: this process and further ones, its own or torchrun's, each with a Fabric of the same group.

This process is number 0. It alone evaluates, reports and writes, so that a metric or a progress bar never has to travel to
another process.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import ClusterEnvironment, TorchElasticEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import multiprocessing, nn

from ntgate.errors import ModelError
from ntgate.training import torchrun
from ntgate.training.config import TrainingConfig

Work = Callable[[Fabric], object]


class _Group(ClusterEnvironment):  # type: ignore[misc]
    """Processes of this machine that are started here, and not by Fabric."""

    def __init__(self, process: int, processes: int) -> None:
        super().__init__()
        self._process, self._processes = process, processes

    @property
    def creates_processes_externally(self) -> bool:
        return True

    @property
    def main_address(self) -> str:
        return "127.0.0.1"

    @property
    def main_port(self) -> int:
        return 0  # nobody is asked: the group has met before Fabric is launched

    @staticmethod
    def detect() -> bool:
        return False

    def world_size(self) -> int:
        return self._processes

    def set_world_size(self, size: int) -> None:
        pass

    def global_rank(self) -> int:
        return self._process

    def set_global_rank(self, rank: int) -> None:
        pass

    def local_rank(self) -> int:
        return self._process

    def node_rank(self) -> int:
        return 0


def shared(config: TrainingConfig) -> TrainingConfig:
    """``config`` with the number of processes that there are: torchrun's where it started this one.

    Raises:
        ModelError: when a batch cannot be shared equally by them.
    """
    processes = torchrun.processes()
    if processes == 1:
        return config
    if config.processes not in (1, processes) or config.batch_size % processes:
        raise ModelError(
            "training",
            expected=f"processes 1 or {processes} and a batch_size that {processes} processes can share equally",
            got=f"processes {config.processes} and batch_size {config.batch_size}",
            fix="change them, or the number of processes that torchrun starts",
        )
    return config.model_copy(update={"processes": processes})


@contextmanager
def joined(config: TrainingConfig, work: Work) -> Iterator[Fabric]:
    """A launched Fabric for this process, while each further process calls ``work`` with its own.

    Args:
        config: says how many processes there are, as of :func:`shared`; with one nothing is started.
        work: picklable; must take part in every collective operation of this process.

    Raises:
        ModelError: when there are fewer GPUs than processes, or another process dies.
    """
    if config.processes == 1:
        yield _fabric(config)
        return
    if torchrun.leads():
        _device(config)  # refuses before the others begin
        with torchrun.followed(config, work, lambda: launched(config)) as fabric:
            yield fabric
        return
    _device(config)  # refuses before anything is started
    with (
        tempfile.TemporaryDirectory(prefix="ntgate-", ignore_cleanup_errors=True) as folder,
        _started(config, work, str(Path(folder) / "group")) as fabric,
    ):
        yield fabric


@contextmanager
def _started(config: TrainingConfig, work: Work, place: str) -> Iterator[Fabric]:
    """The further processes, which meet this one at ``place`` and end with the block."""
    threads = torch.get_num_threads()
    context = multiprocessing.spawn(  # type: ignore[no-untyped-call, attr-defined]
        _member, (config, place, pickle.dumps(work)), nprocs=config.processes - 1, join=False
    )
    assert context is not None
    try:
        torch.set_num_threads(max(1, threads // config.processes))
        yield _fabric(config, 0, place)
    except RuntimeError as error:
        for process in context.processes:
            process.join(timeout=5)
        codes = {i: process.exitcode for i, process in enumerate(context.processes, start=1) if process.exitcode}
        if not codes:
            raise
        raise ModelError(
            "training.processes",
            expected=f"{config.processes} processes that finish",
            got=", ".join(f"process {i} ended with {code}" for i, code in codes.items()),
            fix="see the log above; lower batch_size or processes if memory ran out",
        ) from error
    finally:
        torch.set_num_threads(threads)
        if torch.distributed.is_initialized():
            with suppress(RuntimeError):
                torch.distributed.destroy_process_group()
        for process in context.processes:
            process.join(timeout=5)
            process.kill()


def average_gradients(parameters: Sequence[nn.Parameter], processes: int) -> None:
    """Replace each gradient by its mean over the processes, in one collective operation.

    ``DistributedDataParallel`` would do it during the backward pass, but waits for ever where another process died, and
    needs to be told of modules that a step leaves out. Those have no gradient in any process, and keep none.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    total = torch.cat([gradient.flatten() for gradient in gradients])
    torch.distributed.all_reduce(total)
    for gradient, mean in zip(gradients, (total / processes).split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def _member(index: int, config: TrainingConfig, place: str, work: bytes) -> None:
    """The life of a further process."""
    torch.set_num_threads(max(1, torch.get_num_threads() // config.processes))
    fabric = _fabric(config, index + 1, place)
    pickle.loads(work)(fabric)  # noqa: S301  # from the process that started this one
    torch.distributed.destroy_process_group()


def launched(config: TrainingConfig) -> Fabric:
    """The Fabric of one of torchrun's processes."""
    local = int(os.environ["LOCAL_WORLD_SIZE"])
    device = _device(config)
    fabric = Fabric(
        accelerator=device,
        devices=local,
        num_nodes=config.processes // local,
        precision=_precision(config, device),
        strategy=DDPStrategy(),
        plugins=[TorchElasticEnvironment()],
    )
    return _launch(fabric)


def _fabric(config: TrainingConfig, process: int = 0, place: str = "") -> Fabric:
    device = _device(config)
    precision = _precision(config, device)
    if config.processes == 1:
        fabric = Fabric(accelerator=device, devices=1, precision=precision)
    else:
        _meet(device, process, config.processes, place)
        fabric = Fabric(
            accelerator=device,
            devices=config.processes,
            precision=precision,
            strategy=DDPStrategy(),
            plugins=[_Group(process, config.processes)],
        )
    return _launch(fabric)


def _meet(device: str, process: int, processes: int, place: str) -> None:
    """Make the group of the processes, which find each other by the file ``place``.

    Where they met at a port, torch would ask the network's name server who it is that connects from this machine; and gloo asks
    it for the machine's own address where it is not told to use the loopback.
    """
    with _loopback():
        torch.distributed.init_process_group(
            "nccl" if device == "cuda" else "gloo",
            store=torch.distributed.FileStore(place, processes),  # type: ignore[attr-defined]
            rank=process,
            world_size=processes,
            device_id=torch.device(device, process) if device == "cuda" else None,
        )


@contextmanager
def _loopback() -> Iterator[None]:
    """Gloo uses the loopback in the block, where nobody has named another interface."""
    name = "GLOO_SOCKET_IFNAME"
    found = [interface for _, interface in socket.if_nameindex() if interface in ("lo", "lo0")]
    if name in os.environ or not found:
        yield
        return
    os.environ[name] = found[0]
    try:
        yield
    finally:
        del os.environ[name]


def _precision(config: TrainingConfig, device: str) -> str:
    return config.precision if config.precision != "auto" else ("bf16-mixed" if device == "cuda" else "32-true")


def _launch(fabric: Fabric) -> Fabric:
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it reports the group on the standard output
    fabric.launch()
    return fabric


def _device(config: TrainingConfig) -> str:
    found = torch.cuda.device_count() if config.device != "cpu" and torch.cuda.is_available() else 0
    if config.device == "cuda" and not found:
        raise ModelError("training.device", expected="a CUDA GPU", got="none", fix="set device to auto or cpu")
    here = int(os.environ["LOCAL_WORLD_SIZE"]) if torchrun.leads() else config.processes
    if found and found < here:
        raise ModelError(
            "training.processes",
            expected=f"a GPU for each of {here} processes",
            got=f"{found}",
            fix="lower processes, or set device to cpu",
        )
    return "cuda" if found else "cpu"
