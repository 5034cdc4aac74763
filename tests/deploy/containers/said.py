"""What the built images say of themselves: ``said.py INSPECTED.json``, the job's and MLflow's, as `podman inspect` prints them."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(inspected: Path) -> None:
    """Fail with a sentence when an image is not what the manifests rely on."""
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
