"""``ntgate kfp``: the run as a Kubeflow pipeline, without ZenML."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ntgate.cli import console
from ntgate.cli.options import with_config, with_json
from ntgate.errors import ConfigError, ConfigErrors
from ntgate.extras import require

_HOST = r"([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(:\d{1,5})?/"
_PART = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_IMAGE = re.compile(rf"({_HOST})?{_PART}(/{_PART})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@[A-Za-z0-9+._-]+:[0-9A-Fa-f]{{32,}})?")


@click.group(short_help="Kubeflow Pipelines without ZenML.")
def kfp() -> None:
    """Kubeflow Pipelines without ZenML; needs ntgate[kubeflow]."""


@kfp.command("compile", short_help="Write the pipeline for Kubeflow Pipelines.")
@with_config
@click.option("--image", required=True, help="Image of every pod: ntgate[torch,mlflow,kubeflow], and what the config imports.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("pipeline.yaml"), show_default=True)
@click.option("--root", default="/mnt/ntgate", show_default=True, help="What relative paths are relative to.")
@click.option("--volume", help="Persistent volume claim to mount there, for data that CONFIG names by path.")
@click.option("--secret", help="Kubernetes secret with a key for each ${NAME} of the config.")
@click.option("--gpus", type=click.IntRange(0), help="GPUs of a pod that trains networks; else kubeflow.gpus of CONFIG, 1.")
@with_json
def compile_(
    config: str,
    overrides: tuple[str, ...],
    image: str,
    output: Path,
    root: str,
    volume: str | None,
    secret: str | None,
    gpus: int | None,
    as_json: bool,
) -> int:
    """Write the run of CONFIG as a pipeline for Kubeflow Pipelines; no cluster is asked.

    Relative paths of CONFIG are relative to --root in the pods. What one stage leaves for another are artifacts of Kubeflow, or
    lies in the store that CONFIG names as output; no volume is shared. What the pods ask for (memory, nodes, GPUs) is the section
    kubeflow of CONFIG. The form of a run shows registry, data and seed beside the config; its settings takes lines as --set does.

    ${NAME} stays as it is and is read in the pods, so that the file holds no secret; to check CONFIG here, each must be set here
    too, to anything of its kind.
    """
    from ntgate.config_file import load, read
    from ntgate.networks_trained import trains_networks

    _refuse_image(image)
    _refuse_place(output)
    settings = load(config, overrides)  # everything that is wrong with it, before a cluster finds out
    require("ntgate kfp", "kubeflow")
    from ntgate.kfp.pipeline import Cluster, write_pipeline

    asks = settings.kubeflow if gpus is None else settings.kubeflow.model_copy(update={"gpus": gpus})
    cluster = Cluster(image=image, root=root, volume=volume, secret=secret, asks=asks)
    content = read(config, overrides)
    _refuse_passwords(content)
    write_pipeline(content, cluster, output, on_gpu=lambda node: trains_networks(node, settings))
    written = str(output.resolve())
    console.answer({"schema": 1, "pipeline": written} if as_json else f"wrote {written}")
    return 0


def _refuse_image(image: str) -> None:
    if not _IMAGE.fullmatch(image):
        example = "such as registry.example/ntgate:1"
        raise ConfigError("--image", expected=f"the reference of an image, {example}", got=repr(image)[:80], fix="correct it")


def _refuse_place(output: Path) -> None:
    """Refuse what no pipeline can be written to, before anything is compiled."""
    shown, kind = str(output)[:80], "a .yaml file in a folder that exists"
    if output.suffix not in (".yaml", ".yml"):
        raise ConfigError("--output", expected=kind, got=repr(shown), fix="give it the ending .yaml")
    if output.is_dir() or not output.parent.is_dir():
        got = f"the folder {shown}" if output.is_dir() else f"no folder {str(output.parent)[:80]}"
        raise ConfigError("--output", expected=kind, got=got, fix="name another file, or create the folder")
    if not os.access(output if output.exists() else output.parent, os.W_OK):
        raise ConfigError("--output", expected=kind, got=f"no right to write {shown}", fix="name another file")


def _refuse_passwords(content: Mapping[str, Any]) -> None:
    """Kubeflow keeps the pipeline for everybody to see, the whole config in it."""
    from ntgate.config_file import with_passwords

    if found := with_passwords(content):
        expected, got = "a password as ${NAME} on Kubeflow, which stores the config", "a password in the config"
        fix = "write it as ${NAME}, with a key NAME in the secret that --secret names"
        raise ConfigErrors([ConfigError(where, expected=expected, got=got, fix=fix) for where in found])
