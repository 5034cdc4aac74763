"""Training across the processes that ``torchrun`` started, on one machine or on several.

``torchrun --nproc_per_node 2 -m ntgate run CONFIG --inline`` starts the same command line in each process. Process 0 runs it, and
alone reads data, talks to the registry and writes files; the others wait for its trainings and take part in those, no more. So
nothing else in ntgate has to know about them, and no folder has to be shared between machines.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import distributed

from ntgate.errors import ModelError
from ntgate.training.config import TrainingConfig

# Between two trainings the others wait for as long as process 0 reads and measures. torchrun ends them all when one dies.
_PATIENCE = timedelta(days=7)


class ProcessesLostError(Exception):
    """Process 0 left a training in which the others still are: no arm's failure, for no later arm could be trained."""


def leads() -> bool:
    """Whether this process is the one whose trainings others follow."""
    return "TORCHELASTIC_RUN_ID" in os.environ and distributed.is_initialized()


def processes() -> int:
    """How many processes take part in a training of this one."""
    return distributed.get_world_size() if leads() else 1


def in_step(command: Callable[[], int]) -> int:
    """Run ``command`` in process 0 and return its exit code; follow its trainings in every other process and return 0."""
    if int(os.environ["WORLD_SIZE"]) == 1:
        return command()
    backend = "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        backend = "cpu:gloo,cuda:nccl"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    if distributed.get_rank() > 0:
        _follow()
        return 0
    code = command()
    if distributed.is_initialized():
        _tell(None)
        distributed.destroy_process_group()
    return code


@contextmanager
def followed(config: TrainingConfig, work: Callable[[Fabric], object], launch: Callable[[], Fabric]) -> Iterator[Fabric]:
    """A launched Fabric for process 0, while every other process calls ``work`` with its own.

    Args:
        config: how to launch theirs.
        work: picklable; takes part in every collective operation of process 0.
        launch: makes the Fabric of process 0.

    Raises:
        ModelError: what every process raises, such as for a loss that is not finite; the others wait for the next training.
        ProcessesLostError: when process 0 alone fails.
    """
    _tell((config, pickle.dumps(work)))
    try:
        yield launch()
    except ModelError:
        raise
    except BaseException as error:
        distributed.destroy_process_group()  # the others end with an error instead of waiting
        if not isinstance(error, Exception):
            raise
        raise ProcessesLostError(f"process 0 left a training alone: {type(error).__name__}: {error}") from error


def _follow() -> None:
    from ntgate.training.processes import launched

    while (asked := _tell(None)) is not None:
        config, work = asked
        with suppress(ModelError):  # process 0 has raised it too, and says so
            pickle.loads(work)(launched(config))  # noqa: S301  # from process 0 of this job
    distributed.destroy_process_group()


def _tell(message: Any) -> Any:
    """What process 0 says to all; the others' own ``message`` does not count."""
    said = [message]
    distributed.broadcast_object_list(said, src=0)
    return said[0]
