"""ZenML's Kubeflow orchestrator with the GPUs that steps ask for.

ZenML 0.98 requests the GPUs of ``ResourceSettings(gpu_count=...)`` only beside a node selector ``accelerator``, and its settings
lose every node selector when they are validated a second time. So no pod gets a GPU, and nothing says so.

``zenml orchestrator flavor register ntgate.zenml.kubeflow.KubeflowGpuOrchestratorFlavor``, then
``zenml orchestrator register NAME --flavor=kubeflow_gpu --kubeflow_hostname=...``
"""

from typing import TYPE_CHECKING

from pydantic import Field
from zenml.integrations.kubeflow.flavors.kubeflow_orchestrator_flavor import KubeflowOrchestratorConfig, KubeflowOrchestratorFlavor

if TYPE_CHECKING:
    from ntgate.zenml.kubeflow_orchestrator import KubeflowGpuOrchestrator


class KubeflowGpuOrchestratorConfig(KubeflowOrchestratorConfig):  # type: ignore[misc]
    """The settings of ZenML's Kubeflow orchestrator, and the name of a GPU."""

    accelerator: str = Field("nvidia.com/gpu", description="The resource that a GPU is requested as.")


class KubeflowGpuOrchestratorFlavor(KubeflowOrchestratorFlavor):  # type: ignore[misc]
    """The flavor ``kubeflow_gpu``."""

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return "kubeflow_gpu"

    @property
    def display_name(self) -> str:
        """Its name in the dashboard."""
        return "Kubeflow with GPUs"

    @property
    def config_class(self) -> type[KubeflowGpuOrchestratorConfig]:
        """The settings."""
        return KubeflowGpuOrchestratorConfig

    @property
    def implementation_class(self) -> type["KubeflowGpuOrchestrator"]:
        """The orchestrator, imported when a stack needs it: it needs kfp."""
        from ntgate.zenml.kubeflow_orchestrator import KubeflowGpuOrchestrator

        return KubeflowGpuOrchestrator
