"""``ntgate doctor``: what this machine brings, and what is missing."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, NamedTuple

import click

from ntgate.cli import console
from ntgate.cli.options import with_json
from ntgate.extras import MODULES, install, lacking

PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "pyarrow")
OF_EXTRAS = ("torch", "lightning-fabric", "onnx", "onnxruntime", "mlflow", "zenml", "evidently")


class Check(NamedTuple):
    """One thing looked at."""

    name: str
    outcome: Literal["ok", "warning", "missing"]
    detail: str


@click.command(short_help="Why does ntgate not work here?")
@click.option("--uri", envvar="MLFLOW_TRACKING_URI", help="Also ask this registry whether it answers.")
@with_json
def doctor(uri: str | None, as_json: bool) -> int:
    """Look at Python, the packages, the devices, the ZenML project and the registry; exit 1 when something is missing."""
    checks = [
        _python(),
        *map(_package, PACKAGES),
        *map(_package, OF_EXTRAS),
        *map(_extra, MODULES),
        _pandas(),
        _device(),
        _project(),
    ]
    if uri:
        checks.append(_registry(uri))
    healthy = all(check.outcome != "missing" for check in checks)
    if as_json:
        console.answer({"schema": 1, "healthy": healthy, "checks": [check._asdict() for check in checks]})
    else:
        colours = {"ok": "green", "warning": "yellow", "missing": "red"}
        width = max(len(check.name) for check in checks)
        lines = [
            f"  {console.style(f'{check.outcome:<8}', fg=colours[check.outcome])} {check.name:<{width}}  {check.detail}"
            for check in checks
        ]
        console.answer("\n".join(lines))
    return 0 if healthy else 1


def _python() -> Check:
    enough = sys.version_info >= (3, 11)
    cores = os.cpu_count() or 1
    return Check("python", "ok" if enough else "missing", f"{platform.python_version()} on {platform.system()}, {cores} cores")


def _package(name: str) -> Check:
    try:
        return Check(name, "ok", version(name))
    except PackageNotFoundError:
        if name in OF_EXTRAS:  # its extra's line says how to get it
            return Check(name, "warning", "not installed")
        return Check(name, "missing", f"not installed; pip install {name}")


def _extra(name: str) -> Check:
    """A base that lacks extras is no broken one."""
    wanted = lacking(name)
    return Check(f"ntgate[{name}]", "warning" if wanted else "ok", f"not installed; {install(name)}" if wanted else "installed")


def _pandas() -> Check:
    try:
        major, minor = (int(part) for part in version("pandas").split(".")[:2])
    except PackageNotFoundError:
        return Check("pandas < 3.1", "missing", "not installed")
    if (major, minor) >= (3, 1) and not lacking("report"):
        return Check("pandas < 3.1", "missing", "evidently cannot be imported with pandas 3.1; pip install 'pandas<3.1'")
    return Check("pandas < 3.1", "ok", "evidently can be imported" if not lacking("report") else "evidently is not installed")


def _device() -> Check:
    if lacking("torch"):
        return Check("device", "ok", "NumPy, for shift tests; networks take ntgate[torch]")
    try:
        import torch
    except ImportError:
        return Check("device", "missing", "torch cannot be imported")
    if torch.cuda.is_available():
        return Check("device", "ok", f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}")
    return Check("device", "ok", f"CPU, {torch.get_num_threads()} threads; no CUDA GPU")


def _project() -> Check:
    from ntgate.cli.project import find

    root = find()
    return Check("project", "ok", str(root) if root else "none here or above: ntgate's own pipelines are run")


def _registry(uri: str) -> Check:
    from ntgate.errors import NtgateError
    from ntgate.registry.client import connect
    from ntgate.registry.config import RegistryConfig

    try:
        connect(RegistryConfig(uri=uri), "doctor")
    except NtgateError as error:
        return Check("registry", "missing", str(error))
    return Check("registry", "ok", "answers")
