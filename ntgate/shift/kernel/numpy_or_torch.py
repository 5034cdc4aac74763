"""Where the kernel is computed and by which library: PyTorch where it is installed, on a CPU or a GPU, else NumPy.

Both have the functions that the sums are made of under the same names, so that each sum is written once.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.extras import require

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Place:
    """A library, and a device of it.

    Attributes:
        library: the module ``torch`` or ``numpy``.
        device: torch's; None: NumPy.
    """

    library: Any
    device: Any = None

    @classmethod
    def named(cls, device: str, *samples: Any) -> Place:
        """The place of a name, with the index of the GPU, so that devices can be compared.

        Args:
            device: torch device; ``auto``: that of the samples, a GPU where there is one, or else the CPU.
            samples: what is to be measured.

        Raises:
            ConfigError: when only PyTorch has such a device, and is not installed.
        """
        installed = importlib.util.find_spec("torch") is not None
        if device == "numpy" or (device in ("auto", "cpu") and not installed):
            return cls(np)
        if not installed:  # asked only then: to look for all that comes with the extra takes as long as a small test
            require(f"device {device}", "torch")
        import torch

        if device == "auto":
            own = [value.device for value in samples if is_tensor(value) and value.device.type != "cpu"]
            if own:
                return cls(torch, own[0])
        place = torch.device(device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu")
        return cls(torch, torch.device("cuda", torch.cuda.current_device()) if place == torch.device("cuda") else place)

    @property
    def name(self) -> str:
        """What :meth:`named` makes this place of."""
        return "numpy" if self.device is None else str(self.device)

    @property
    def on_cpu(self) -> bool:
        """Whether arrays need not be copied to get here."""
        return self.device is None or self.device.type == "cpu"

    def empty(self, *shape: int, exact: bool = False) -> Any:
        """Room for float32, or for float64 where ``exact``."""
        kind = self.library.float64 if exact else self.library.float32
        return np.empty(shape, kind) if self.device is None else self.library.empty(shape, dtype=kind, device=self.device)

    def zeros(self, *shape: int, exact: bool = False) -> Any:
        """As :meth:`empty`, all zero."""
        room = self.empty(*shape, exact=exact)
        room[...] = 0
        return room

    def of(self, array: Array) -> Any:
        """The array here."""
        return array if self.device is None else self.library.from_numpy(array).to(self.device)

    def packed(self, array: Any) -> Any:
        """A copy whose rows lie behind each other."""
        return np.ascontiguousarray(array) if self.device is None else array.contiguous()

    def back(self, array: Any) -> Array:
        """As an array of NumPy."""
        return np.asarray(array if self.device is None else array.cpu().numpy())


def is_tensor(value: Any) -> bool:
    """Whether it is one of PyTorch's, which is not imported for that."""
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor)


def as_array(tensor: Any) -> Array:
    """A tensor as an array of NumPy, which has no bfloat16."""
    tensor = tensor.detach().cpu()
    return np.asarray(tensor.float().numpy() if str(tensor.dtype) == "torch.bfloat16" else tensor.numpy())
