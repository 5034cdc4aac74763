"""A stage as a Kubeflow component, with an interface that follows from the stage's signature."""

from __future__ import annotations

import linecache
from typing import Any, get_type_hints

from kfp import dsl

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.kfp.stages import Stage

# Kubeflow ships a component to its pod as source text. This is all that is shipped; the stage itself is in the image.
_SOURCE = '''\
def {name}({inputs}, root: str, to: dsl.Output[dsl.Artifact]):
    """{doc}"""
    from ntgate.kfp.task import run

    run("{name}", locals())
'''


def component(stage: Stage, image: str) -> Any:
    """The component of ``stage``: an artifact for each result that it asks for, a parameter for each plain value."""
    hints = get_type_hints(stage.function)
    source = _SOURCE.format(
        name=stage.name,
        doc=stage.function.__doc__,
        inputs=", ".join(f"{name}: {_kind(hints[name])}" for name in stage.arguments),
    )
    file = f"<component {stage.name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # Kubeflow reads the text back
    namespace: dict[str, Any] = {"dsl": dsl}
    exec(compile(source, file, "exec", dont_inherit=True), namespace)  # noqa: S102  our own template
    return dsl.component(namespace[stage.name], base_image=image, install_kfp_package=False)


def _kind(hint: Any) -> str:
    if hint is RunConfig:
        return "str"
    return "dsl.Input[dsl.Artifact]" if issubclass(hint, Frozen) else str(hint.__name__)
