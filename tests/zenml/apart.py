"""An orchestrator for tests: each step in a process of its own, with an empty folder that is gone when the step is."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

from zenml.config.global_config import GlobalConfiguration
from zenml.entrypoints import StepEntrypointConfiguration
from zenml.enums import ExecutionMode
from zenml.orchestrators.base_orchestrator import BaseOrchestrator, BaseOrchestratorConfig, BaseOrchestratorFlavor

_RUN = "TEST_ORCHESTRATOR_RUN"


class ApartOrchestrator(BaseOrchestrator):
    """Runs the steps one after the other, as pods would: what they share is ZenML's database and what the stack names."""

    @property
    def supported_execution_modes(self) -> list[ExecutionMode]:
        return [ExecutionMode.FAIL_FAST]

    def get_orchestrator_run_id(self) -> str:
        return os.environ[_RUN]

    def submit_pipeline(self, snapshot: Any, stack: Any, base_environment: Any, step_environments: Any, **_: Any) -> None:
        run, ended = str(uuid4()), Path(os.environ["TEST_FOLDERS"])
        command = StepEntrypointConfiguration.get_entrypoint_command()
        for name in snapshot.step_configurations:
            arguments = StepEntrypointConfiguration.get_entrypoint_arguments(step_name=name, snapshot_id=snapshot.id)
            with tempfile.TemporaryDirectory(dir=ended, prefix=f"{name}-") as folder:
                environment = {
                    **os.environ,
                    **step_environments[name],
                    _RUN: run,
                    "HOME": folder,
                    "TMPDIR": folder,
                    "XDG_CACHE_HOME": folder,
                    "ZENML_CONFIG_PATH": str(GlobalConfiguration().config_directory),
                }
                subprocess.run([*command, *arguments], cwd=folder, env=environment, check=True)
            if (loses := os.environ.get("TEST_LOSES")) and loses.startswith(f"{name} "):
                import s3fs

                s3fs.S3FileSystem().rm(loses.partition(" ")[2], recursive=True)


class ApartOrchestratorFlavor(BaseOrchestratorFlavor):
    """The flavor ``apart``."""

    @property
    def name(self) -> str:
        return "apart"

    @property
    def config_class(self) -> type[BaseOrchestratorConfig]:
        return BaseOrchestratorConfig

    @property
    def implementation_class(self) -> type[ApartOrchestrator]:
        return ApartOrchestrator
