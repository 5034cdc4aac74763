"""What a learner is: settings to choose from, and a fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from ntgate.data.encoder import Encoder, TextEncoder
    from ntgate.learners.source_start import SourceStart
    from ntgate.models.base import Model

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Labelled rows as numbers.

    Attributes:
        encoder: raw rows to numbers.
        rows: float32 ``(n, d)``, flattened.
        labels: ``(n,)`` codes into ``classes``; a class may have no row, but two classes have some.
        weights: ``(n,)`` of mean 1.
        classes: class names.
        start: what a learner that goes on from a model of the source begins with.
    """

    encoder: Encoder
    rows: npt.NDArray[np.float32]
    labels: Ints
    weights: npt.NDArray[np.float64]
    classes: tuple[str, ...]
    start: SourceStart | None = None


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """Labelled rows with texts, as :class:`Encoded` has others.

    Attributes:
        encoder: raw rows to numbers.
        rows: float32 ``(n, d)``, sparse.
        labels: ``(n,)`` codes into ``classes``.
        weights: ``(n,)`` of mean 1.
        classes: class names.
    """

    encoder: TextEncoder
    rows: csr_array
    labels: Ints
    weights: npt.NDArray[np.float64]
    classes: tuple[str, ...]


class Learner(Frozen, ABC):
    """Fits a model to weighted rows.

    Attributes:
        called: names it in messages.
        noted: names in notes what it chooses from.
    """

    called: ClassVar[str]
    noted: ClassVar[str] = "setting"

    @property
    def settings(self) -> tuple[float, ...]:
        """What to choose from by rows held out, the simplest first."""
        return (0.0,)

    def too_large(self, width: int, classes: int) -> str | None:  # noqa: ARG002
        """Why it would take too long with rows of so many numbers and so many classes; None: it would not."""
        return None

    @abstractmethod
    def fit_seconds(self, rows: int, width: int, classes: int) -> float:
        """About how long a fit takes, all settings together, with one core of 2026."""

    @abstractmethod
    def fit(self, encoded: Encoded, settings: Sequence[float], seed: int) -> Sequence[Model]:
        """A model for each of ``settings``, which are some of :attr:`settings` in their order.

        Raises:
            ModelError: when ONNX cannot express what was learnt.
        """


class TextLearner(Learner, ABC):
    """A learner that reads texts as well."""

    @abstractmethod
    def fit_texts(self, encoded: EncodedTexts, settings: Sequence[float], seed: int) -> Sequence[Model]:
        """As :meth:`fit`, of rows with texts."""
