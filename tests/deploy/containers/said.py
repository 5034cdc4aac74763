"""What the built images say of themselves: ``said.py INSPECTED.json HISTORY.json``.

These are what `podman inspect` prints of the job's and MLflow's, and `podman history` of the job's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(inspected: Path, history: Path) -> None:
    """Fail with a sentence when an image is not what the manifests and the Dockerfile's order rely on."""
    images = json.loads(inspected.read_text())
    configs = [image["Config"] for image in images]
    for config in configs:
        assert config["User"] == "10001:10001", config["User"]
        assert set(config["Volumes"]) == {"/project/runs", "/state"}, config["Volumes"]
        assert config["WorkingDir"] == "/project", config["WorkingDir"]
        variables = dict(entry.split("=", 1) for entry in config["Env"])
        assert variables["HOME"] == "/state", variables
        assert not [name for name in variables if "PASSWORD" in name or "SECRET" in name or "TOKEN" in name], variables
    assert configs[0]["Entrypoint"] == ["ntgate"], configs[0]["Entrypoint"]
    assert configs[1]["Entrypoint"][:2] == ["mlflow", "server"], configs[1]["Entrypoint"]
    assert "/health" in str(images[1]["Healthcheck"]["Test"]), images[1]
    assert "5000/tcp" in configs[1]["ExposedPorts"], configs[1]
    layers = json.loads(history.read_text())  # the newest first
    large = next(i for i, layer in enumerate(layers) if "dependencies.txt" in layer["CreatedBy"])
    changing = sum(layer["size"] for layer in layers[:large])
    assert changing < 50e6, f"a change of the source makes {changing / 1e6:.0f} MB of layers"
    print(f"container-test: a change of the source makes {changing / 1e6:.0f} MB of layers")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
