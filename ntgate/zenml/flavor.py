"""The flavor ``ntgate`` of ZenML's data validators, and what can be configured about it."""

from typing import TYPE_CHECKING

from pydantic import Field
from zenml.data_validators import BaseDataValidatorFlavor
from zenml.data_validators.base_data_validator import BaseDataValidatorConfig

if TYPE_CHECKING:
    from ntgate.zenml.data_validator import NtgateDataValidator


class NtgateDataValidatorConfig(BaseDataValidatorConfig):  # type: ignore[misc]
    """Settings of the measure of shift, as in an ntgate config under shift, with a seed.

    zenml data-validator register NAME --flavor=ntgate --tolerated_effect=0.05
    """

    permutations: int = Field(500, ge=99, le=100_000, description="Permutations of the MMD test.")
    alpha: float = Field(0.05, ge=1e-6, lt=0.5, description="Level of the test.")
    tolerated_effect: float = Field(
        0.0, ge=0, lt=1, description="Effect size up to which a significant shift is tolerated; 0 tolerates none."
    )
    max_rows: int = Field(10_000, ge=50, le=10_000_000, description="Rows measured of each dataset; more are sampled down.")
    seed: int = Field(0, ge=0, lt=2**31, description="Of sampling and permutations.")


class NtgateDataValidatorFlavor(BaseDataValidatorFlavor):  # type: ignore[misc]
    """The flavor ``ntgate``."""

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return "ntgate"

    @property
    def display_name(self) -> str:
        """Its name in the dashboard."""
        return "ntgate"

    @property
    def config_class(self) -> type[NtgateDataValidatorConfig]:
        """The settings."""
        return NtgateDataValidatorConfig

    @property
    def implementation_class(self) -> type["NtgateDataValidator"]:
        """The validator, imported when a stack needs it."""
        from ntgate.zenml.data_validator import NtgateDataValidator

        return NtgateDataValidator
