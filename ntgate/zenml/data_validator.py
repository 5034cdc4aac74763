"""A data validator for ZenML stacks: has the second dataset moved away from the first?"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

from pydantic import ValidationError
from zenml.data_validators import BaseDataValidator
from zenml.types import HTMLString

from ntgate.config_errors import explain
from ntgate.errors import ConfigError, ConfigErrors, DataError
from ntgate.shift.config import ShiftConfig
from ntgate.shift.report import ShiftReport
from ntgate.zenml.flavor import NtgateDataValidatorConfig, NtgateDataValidatorFlavor


class NtgateDataValidator(BaseDataValidator):  # type: ignore[misc]
    """Tests two datasets for a shift with the engine of ``ntgate drift``.

    A dataset is a DataFrame, whose text columns are encoded as for training, an array or tensor ``(n, ...)``, or a
    :class:`~ntgate.data.domain.Domain`. Rows are measured as they are: give images as embeddings, since raw pixels make every
    two sets of images differ.

    In a step: ``NtgateDataValidator.get_active_data_validator().data_validation(reference, current)``.
    """

    NAME: ClassVar[str] = "ntgate"
    FLAVOR: ClassVar[type[NtgateDataValidatorFlavor]] = NtgateDataValidatorFlavor

    @property
    def config(self) -> NtgateDataValidatorConfig:
        """The settings of this component."""
        return cast(NtgateDataValidatorConfig, self._config)

    def data_validation(
        self, dataset: Any, comparison_dataset: Any | None = None, check_list: Sequence[Any] | None = None, **kwargs: Any
    ) -> ShiftReport:
        """Test whether the comparison dataset has moved away from the dataset.

        Args:
            dataset: the reference: the source.
            comparison_dataset: what is compared with it: the target.
            check_list: must be None: the one check is the shift.
            **kwargs: settings of the component to override, such as ``tolerated_effect``.

        Returns:
            The report; its ``outcome`` is ``none``, ``tolerated`` or ``shift``.

        Raises:
            DataError: naming the argument that cannot be measured.
            ConfigError: when a setting is unknown or out of range.
        """
        from ntgate.shift.datasets import domains, features_of
        from ntgate.shift.report import measured_features

        if check_list is not None:
            raise ConfigError("check_list", expected="None", got=repr(check_list), fix="leave it out: the check is the shift")
        config, seed = self._settings(kwargs)
        return measured_features(features_of(*domains(dataset, _given(comparison_dataset))), config, seed)[0]

    def data_profiling(
        self, dataset: Any, comparison_dataset: Any | None = None, profile_list: Sequence[Any] | None = None, **kwargs: Any
    ) -> HTMLString:
        """Evidently's data-drift page of both datasets, column by column, for people.

        Args:
            dataset: the reference: the source.
            comparison_dataset: what is compared with it: the target.
            profile_list: must be None: the one profile is the drift of the columns.
            **kwargs: ``seed`` of the sampling, to override that of the component.

        Returns:
            The page, which ZenML's dashboard shows.

        Raises:
            DataError: naming the argument that cannot be compared.
            ConfigError: when a setting is unknown or out of range.
        """
        from ntgate.report.evidently_report import drift_html
        from ntgate.shift.datasets import domains

        if profile_list is not None:
            raise ConfigError("profile_list", expected="None", got=repr(profile_list), fix="leave it out")
        _, seed = self._settings(kwargs)
        source, target = domains(dataset, _given(comparison_dataset))
        with tempfile.TemporaryDirectory() as folder:
            return HTMLString(drift_html(source, target, Path(folder) / "drift.html", seed=seed).read_text("utf-8"))

    def model_validation(
        self,
        dataset: Any,
        model: Any,
        comparison_dataset: Any | None = None,
        check_list: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Models are judged by the gate of the retrain pipeline, against scratch and the champion.

        Raises:
            NotImplementedError: always.
        """
        # ZenML's own way of saying that a validator makes no such check; its callers know this error and no other.
        raise NotImplementedError(
            "The ntgate data validator judges no models: the retrain pipeline's gate does, against a model from scratch."
        )

    def _settings(self, overrides: dict[str, Any]) -> tuple[ShiftConfig, int]:
        """The measure's settings with ``overrides``, and the seed."""
        settings = {**self.config.model_dump(), **overrides}
        try:
            seed = NtgateDataValidatorConfig(**settings).seed
            settings.pop("seed")
            return ShiftConfig(**settings), seed
        except ValidationError as error:
            problems = explain(error, ShiftConfig, settings)
            raise ConfigErrors(problems) from error


def _given(comparison_dataset: Any | None) -> Any:
    if comparison_dataset is None:
        raise DataError("comparison_dataset", expected="rows to compare with", got="None", fix="give two datasets")
    return comparison_dataset
