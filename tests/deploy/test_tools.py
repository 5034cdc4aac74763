"""The scripts behind the Makefile: where torch comes from, and the pins."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from importlib.metadata import requires
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unasked():
    pytest.fail("asked without need")


@pytest.fixture(scope="module")
def torch_source() -> ModuleType:
    return script("torch_source")


def test_a_gpu_leaves_torch_to_the_ordinary_installation(torch_source):
    assert torch_source.index_for(installed=False, named=None, system="Linux", has_gpu=lambda: True, offered=unasked) is None


@pytest.mark.parametrize(
    ("version", "index"), [("2.13.0+cpu", None), (None, None), ("2.13.0", "https://download.pytorch.org/whl/cpu")]
)
def test_without_a_gpu_the_cpu_index_is_asked_only_when_pip_would_bring_cuda(torch_source, version, index):
    found = torch_source.index_for(installed=False, named=None, system="Linux", has_gpu=lambda: False, offered=lambda: version)
    assert found == index


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_other_systems_have_no_cuda_in_the_default_build(torch_source, system):
    assert torch_source.index_for(installed=False, named=None, system=system, has_gpu=unasked, offered=unasked) is None


def test_a_named_index_wins_unless_torch_is_there(torch_source):
    settings = {"named": "https://mirror.example/simple", "system": "Linux", "has_gpu": unasked, "offered": unasked}
    assert torch_source.index_for(installed=False, **settings) == "https://mirror.example/simple"
    assert torch_source.index_for(installed=True, **settings) is None


def test_the_pin_is_found_and_the_installed_build_satisfies_it(torch_source):
    pin = torch_source.pinned(ROOT / "constraints.txt")
    assert re.fullmatch(r"torch==\d+\.\d+\.\d+", pin)
    assert torch_source.is_installed(pin)
    assert not torch_source.is_installed("torch==0.0.1")


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_pins_are_plain_and_sorted():
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", pin) for pin in pins)
    assert pins == sorted(pins)


def test_every_requirement_has_a_pin_that_satisfies_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    pins, wanted = constraints(), [Requirement(text) for text in project["dependencies"] + extras]
    wanted = [requirement for requirement in wanted if requirement.name != project["name"]]
    for requirement in [*wanted, *of_extras(wanted)]:
        pin = pins.get(re.sub(r"[-_.]+", "-", requirement.name).lower())
        assert pin is not None, f"no pin for {requirement.name}: run `make lock`"
        assert requirement.specifier.contains(pin), f"{requirement} is not satisfied by {pin}: run `make lock`"


def of_extras(requirements: list[Requirement]) -> list[Requirement]:
    """What the extras of the requirements ask for, here, beyond what their packages ask for anyway."""
    found = [
        asked
        for requirement in requirements
        for extra in requirement.extras
        for asked in map(Requirement, requires(requirement.name) or [])
        if asked.marker and asked.marker.evaluate({"extra": extra}) and not asked.marker.evaluate({"extra": ""})
    ]
    assert {"fastapi", "psycopg-binary", "flask"} <= {asked.name for asked in found}  # of zenml, psycopg and moto
    return found


def test_packages_that_torch_pins_itself_get_no_pin():
    report = [
        {"name": "torch", "version": "2.13.0"},
        {"name": "nvidia-cublas-cu13", "version": "13.1"},
        {"name": "triton", "version": "3.7"},
        {"name": "ntgate", "version": "0.1.0"},
        {"name": "Ruamel_Yaml", "version": "1.0"},
    ]
    assert script("lock").pins(report, own="ntgate") == ["ruamel-yaml==1.0", "torch==2.13.0"]


def test_the_lock_has_a_hash_for_each_pin_that_a_user_gets():
    pins = {line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")}
    locked = [line.split(" ") for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", sign) for _, sign in locked)
    assert {pin.partition("+")[0] for pin, _ in locked} <= pins
    assert {"torch", "mlflow", "zenml", "numpy"} <= {pin.partition("==")[0] for pin, _ in locked}
