"""A task of the graph as a Kubeflow component, with an interface that follows from what it needs."""

from __future__ import annotations

import linecache
from typing import Any

from kfp import dsl

from ntgate.graph import Node
from ntgate.kfp.parameters import VALUES

# Kubeflow ships a component to its pod as source text. This is all that is shipped; the stage itself is in the image.
_SOURCE = '''\
def {name}({inputs}{values}, to: dsl.Output[dsl.Artifact]):
    """{doc}"""
    from ntgate.kfp.task import run

    run("{stages}", "{node}", locals())
'''


def component(node: Node, stages: str, image: str) -> Any:
    """The component of a task of the list of stages at ``stages``: an artifact for each result that it asks for."""
    name = node.name
    source = _SOURCE.format(
        name=name,
        node=name,
        stages=stages,
        doc=(node.stage.function.__doc__ or name).splitlines()[0],
        inputs="".join(f"{result}: dsl.Input[dsl.Artifact], " for result in node.inputs),
        values=", ".join(f"{value}: {kind.__name__}" for value, kind in VALUES.items()),
    )
    file = f"<component {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # Kubeflow reads the text back
    namespace: dict[str, Any] = {"dsl": dsl}
    exec(compile(source, file, "exec", dont_inherit=True), namespace)  # noqa: S102  our own template
    return dsl.component(namespace[name], base_image=image, install_kfp_package=False)
