"""The orchestrator behind the flavor ``kubeflow_gpu``."""

from typing import Any

from zenml.integrations.kubeflow.flavors.kubeflow_orchestrator_flavor import KubeflowOrchestratorSettings
from zenml.integrations.kubeflow.orchestrators import KubeflowOrchestrator
from zenml.integrations.kubernetes.pod_settings import KubernetesPodSettings


class KubeflowGpuOrchestrator(KubeflowOrchestrator):  # type: ignore[misc]
    """ZenML's, with a node selector that is still there when the pods are described."""

    def get_settings(self, container: Any) -> KubeflowOrchestratorSettings:
        """The settings of a step or a pipeline, with the selector beside which ZenML requests GPUs."""
        settings = super().get_settings(container)
        selector = KubernetesPodSettings(node_selectors={"accelerator": self.config.accelerator})
        return settings.model_copy(update={"pod_settings": selector})  # a copy is not validated
