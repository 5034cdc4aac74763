"""Transfer in scikit-learn's form: an estimator that learns from few target rows and from the rows of a source."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ntgate.base import Frozen
from ntgate.config_errors import explain
from ntgate.errors import ConfigErrors, DataError, ModelError
from ntgate.extras import require
from ntgate.metrics.accuracy import Accuracy
from ntgate.optouts import opt_out
from ntgate.strategies import AnyStrategy
from ntgate.strategies.scratch import AnyScratch
from ntgate.training.config import TrainingConfig

if TYPE_CHECKING:
    from ntgate.data.domain import Domain, TrainingView
    from ntgate.strategies.base import Arm, Strategy

_HELD = 0.2  # of the target rows, for early stopping where there is one fold


class _Settings(Frozen):
    """The settings of an estimator, as a config has them."""

    strategy: AnyStrategy
    scratch: AnyScratch
    training: TrainingConfig


class TransferClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One arm of a run as an estimator: a strategy that learns from target rows and from those of a source.

    No gate judges it: whether it beats training from scratch is what :func:`ntgate.gate` says of two models' answers.

    Args:
        strategy: a kind of ``strategies:`` in the config (``fine_tuning``, ``linear_pool`` ...), or a mapping with its settings.
        scratch: what learns where no source is given: ``logistic``, ``network``, ``forest``, ``extra_trees`` or ``boosting``.
        training: the settings below ``training:`` in a config, such as ``{"steps": 400, "folds": 5}``; None: the defaults.
        random_state: an int, a ``numpy.random.RandomState`` or None.

    Attributes:
        classes_: labels ``(c,)`` of the target.
        n_features_in_: columns of a row.
        validation_: accuracy on target rows held out.

    >>> x, y = np.array([[0.0], [0.1], [0.2], [0.9], [1.0], [1.1]] * 3), np.array(["no", "no", "no", "yes", "yes", "yes"] * 3)
    >>> model = TransferClassifier("linear_pool").fit(x, y, source=(x + 0.1, y))
    >>> model.predict([[0.0], [1.2]]), model.predict_proba([[0.0]]).shape
    (array(['no', 'yes'], dtype='<U3'), (1, 2))
    """

    def __init__(
        self,
        strategy: str | dict[str, Any] = "fine_tuning",
        *,
        scratch: str = "logistic",
        training: dict[str, Any] | None = None,
        random_state: Any = None,
    ) -> None:
        self.strategy = strategy
        self.scratch = scratch
        self.training = training
        self.random_state = random_state

    def fit(self, X: Any, y: Any, source: tuple[Any, Any] | None = None) -> Self:
        """Learn from target rows ``X`` ``(n, d)`` with labels ``y`` ``(n,)``, and from ``source``, such a pair of another domain.

        Without a source it is training from scratch. Labels of both domains are the same class where they read the same.

        Raises:
            ConfigError: where PyTorch is not installed.
            ConfigErrors: when there is no such strategy, or a setting is out of its range.
            DataError: when the source has other columns.
            ModelError: when the strategy cannot learn from these rows.
            ValueError: scikit-learn's, about ``X`` and ``y``.
        """
        from ntgate.strategies.base import Facts
        from ntgate.strategies.candidate import train

        opt_out()
        require("TransferClassifier", "torch")
        settings = self._settings()
        X, y = validate_data(self, X, y, dtype=np.float32, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"expected labels of at least two classes, got one class: {self.classes_[0]!r}")
        strategy = settings.scratch if source is None else settings.strategy
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        view = _view(_domain("target", X, y), None if source is None else self._source(source), seed)
        if obstacle := strategy.obstacle(Facts.of(view)):
            raise _cannot_learn(strategy, obstacle)
        with tempfile.TemporaryDirectory() as name:
            made = train(strategy, _arm(view, settings.training, seed, Path(name)), Path(name))
            if made.failed is not None:
                raise _cannot_learn(strategy, made.failed)
            self.model_ = made.load()
        self.validation_ = made.validation
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Chances ``(n, c)`` of the classes for rows ``(n, d)``; each row's sum is one."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float32, reset=False)
        scores: npt.NDArray[np.float64] = self.model_.scores(rows).astype(np.float64)
        chances: npt.NDArray[np.float64] = scores / scores.sum(axis=1, keepdims=True)
        return chances

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Labels ``(n,)`` of rows ``(n, d)``."""
        best = self.predict_proba(X).argmax(axis=1)
        answer: npt.NDArray[Any] = self.classes_[best]
        return answer

    def _source(self, source: tuple[Any, Any]) -> Domain:
        from sklearn.utils import check_X_y

        rows, labels = check_X_y(*source, dtype=np.float32)
        if rows.shape[1] != self.n_features_in_:
            raise DataError(
                "source", expected=f"rows of {self.n_features_in_} columns", got=str(rows.shape[1]), fix="give the target's columns"
            )
        return _domain("source", rows, labels)

    def _settings(self) -> _Settings:
        given = {"strategy": self.strategy, "scratch": _kind(self.scratch), "training": self.training or {}}
        try:
            return _Settings.model_validate(given)
        except ValidationError as error:
            raise ConfigErrors(explain(error, _Settings, given)) from None


def _kind(written: Any) -> Any:
    return {"kind": written} if isinstance(written, str) else written


def _cannot_learn(strategy: Strategy, why: str) -> ModelError:
    return ModelError(strategy.kind, expected="rows that it can learn from", got=why, fix="choose another one")


def _arm(view: TrainingView, config: TrainingConfig, seed: int, folder: Path) -> Arm:
    from ntgate.stages.source import maximised
    from ntgate.strategies.base import Arm
    from ntgate.training.source import pretrain

    source, accuracy = None, maximised(Accuracy())
    if len(view.source):
        source = pretrain(view.source, [view.labelled], None, config, accuracy, seed, folder / "source.safetensors")
    return Arm(view, source, None, config, accuracy, seed)


def _domain(name: str, rows: npt.NDArray[np.float32], labels: npt.NDArray[Any]) -> Domain:
    from ntgate.data.domain import Domain

    classes, codes = np.unique(labels, return_inverse=True)
    return Domain(name, rows, codes.astype(np.int64), tuple(map(str, classes.tolist())))


def _view(target: Domain, source: Domain | None, seed: int) -> TrainingView:
    from ntgate.data.domain import TrainingView, no_rows_like

    order = np.random.default_rng(seed).permutation(len(target))
    held = max(1, int(_HELD * len(target)))
    train, validation = target.take(np.sort(order[held:])), target.take(np.sort(order[:held]))
    return TrainingView(no_rows_like(target, "source") if source is None else source, train, validation)
