"""Run a compiled pipeline with kfp.local's DockerRunner: ``kubeflow.py FOLDER VARIABLES``; FOLDER has ``pipeline.yaml``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from kfp import components, local


def main(folder: Path, variables: Path) -> None:
    """Every task in a container on the network of compose; the last one's result has to be a promotion."""
    environment = dict(line.split("=", 1) for line in variables.read_text().splitlines())
    # A pod's command takes the place of the image's entry point; the runner's does not.
    runner = local.DockerRunner(network="ntgate_inside", environment=environment, entrypoint=[""])
    local.init(runner, pipeline_root=str(folder / "artifacts"))
    pipeline = components.load_component_from_file(str(folder / "pipeline.yaml"))
    result = json.loads((Path(pipeline().outputs["Output"].path) / "result.json").read_text())
    assert result["outcome"] == "promoted", result
    print(f"container-test: tasks: promoted as version {result['registry']['version']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
