"""A run as a graph: stages wired by the signatures of their functions, once, for every driver.

A parameter named like the result of an earlier stage gets that result; one named like a value of :class:`Context` gets what the
driver gives; ``results`` gets everything that was made so far. Nothing else connects stages, so that adding one is a function and
a line in a list. Running in this process, on ZenML and on Kubeflow are three drivers of the same nodes.
"""

from __future__ import annotations

import importlib
import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.stages.place import Place
from ntgate.stages.progress_listener import Listener, Silent
from ntgate.stages.second_process import Crew, Task

NUMBER, RESULTS = "number", "results"


class Flags(Frozen):
    """What is asked of one run, beside its config.

    Attributes:
        dry_run: do everything but write to the registry.
        allow_first: promote without a comparison with the champion where it was deleted.
        force: train though the test rows are worn out.
    """

    dry_run: bool = False
    allow_first: bool = False
    force: bool = False


@dataclass(frozen=True, eq=False)
class Context:
    """What a driver gives to every stage that asks for it; the flags each by its name.

    Attributes:
        config: the run.
        place: where its files lie; a stage that only writes asks for its ``folder``.
        flags: what else is asked of it.
        listener: told about the progress.
        stopped: set when the run ends before its time, for what runs beside it.
        crew: who does the tasks that do not wait for one another.
    """

    config: RunConfig
    place: Place
    flags: Flags = field(default_factory=Flags)
    listener: Listener = field(default_factory=Silent)
    stopped: threading.Event = field(default_factory=threading.Event)
    crew: Crew = field(default_factory=Crew)

    @property
    def given(self) -> dict[str, Any]:
        """Everything by the name under which a stage asks for it."""
        here = {"config": self.config, "place": self.place, "folder": self.place.folder}
        return {**here, "listener": self.listener, "stopped": self.stopped, "crew": self.crew, **dict(self.flags)}


GIVEN = frozenset({"config", "place", "folder", "listener", "stopped", "crew", *Flags.model_fields})


@dataclass(frozen=True)
class Stage:
    """One kind of task.

    Attributes:
        name: what people and orchestrators call it.
        function: what it does; its parameters say what it needs.
        result: the name under which later stages ask for what it returns.
        title: what is said when it begins; empty: the function says so itself, if there is something to say.
        every_arm: whether there is one such task a strategy of the config, each with its ``number``; later stages get a tuple.
        trains: whether it trains, and so wants a GPU, and may be begun again when its machine is lost.
        beside: whether it may go on beside later stages, since it waits for a process of its own.
        apart: whether it is one of several that do not wait for one another, and so may be done in another process.
        takes: about how many seconds it takes, from what the function asks for too; of tasks apart the longest are begun first.
    """

    name: str
    function: Callable[..., Frozen]
    result: str
    title: str = ""
    every_arm: bool = False
    trains: bool = False
    beside: bool = False
    apart: bool = False
    takes: Callable[..., float] | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the function asks for."""
        return tuple(inspect.signature(self.function).parameters)

    @property
    def returns(self) -> type[Frozen]:
        """What it makes, by which a result is read again from JSON."""
        named = inspect.signature(self.function).return_annotation
        made: type[Frozen] = self.function.__globals__[named] if isinstance(named, str) else named
        return made


@dataclass(frozen=True)
class Node:
    """One task of a graph.

    Attributes:
        stage: what it does.
        name: its name in the graph.
        result: the name of what it makes.
        needs: the results that each parameter gets.
        several: the parameters that get a tuple of results.
        number: which of the stage's tasks it is; None where there is one.
    """

    stage: Stage
    name: str
    result: str
    needs: Mapping[str, tuple[str, ...]]
    several: frozenset[str] = frozenset()
    number: int | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The results that have to be there before, each once, in the order in which they are made."""
        return tuple(dict.fromkeys(name for names in self.needs.values() for name in names))

    def run(self, context: Context, results: Mapping[str, Frozen]) -> Frozen:
        """Do the task, given (at least) its :attr:`inputs` by name, and publish the files of what it made."""
        if self.stage.title:
            context.listener.stage(self.stage.title)
        return context.place.published(self.stage.function(**self._arguments(context, results)))

    def takes(self, context: Context, results: Mapping[str, Frozen]) -> float:
        """About how many seconds that takes; 0 where nobody knows."""
        if self.stage.takes is None:
            return 0.0
        asked, arguments = inspect.signature(self.stage.takes).parameters, self._arguments(context, results)
        return self.stage.takes(**{name: value for name, value in arguments.items() if name in asked})

    def _arguments(self, context: Context, results: Mapping[str, Frozen]) -> dict[str, Any]:
        """What the function is called with."""
        arguments: dict[str, Any] = {name: value for name, value in context.given.items() if name in self.stage.parameters}
        for parameter, names in self.needs.items():
            if parameter == RESULTS:
                arguments[parameter] = {name: results[name] for name in names}
            else:
                given = tuple(results[name] for name in names)
                arguments[parameter] = given if parameter in self.several else given[0]
        if self.number is not None:
            arguments[NUMBER] = self.number
        return arguments


def graph(stages: Sequence[Stage], arms: int) -> tuple[Node, ...]:
    """The tasks of ``stages`` where the config names so many ``arms``, in an order in which they can be done.

    Raises:
        ValueError: when a stage asks for what no earlier stage makes, or two make the same.

    >>> from pathlib import Path
    >>> class Sum(Frozen):
    ...     value: int
    >>> def first() -> Sum:
    ...     return Sum(value=1)
    >>> def more(base: Sum, number: int) -> Sum:
    ...     return Sum(value=base.value + number)
    >>> def total(parts: tuple[Sum, ...]) -> Sum:
    ...     return Sum(value=sum(part.value for part in parts))
    >>> stages = [Stage("first", first, "base"), Stage("add", more, "parts", every_arm=True), Stage("sum", total, "total")]
    >>> made = graph(stages, arms=3)
    >>> [node.name for node in made], made[-1].inputs
    (['first', 'add_0', 'add_1', 'add_2', 'sum'], ('parts_0', 'parts_1', 'parts_2'))
    >>> run_here(made, Context(None, Place(Path(), "")))["total"].value
    6
    """
    made: dict[str, tuple[str, ...]] = {}
    repeated: set[str] = set()
    nodes: list[Node] = []
    for stage in stages:
        if stage.result in made or stage.result in GIVEN | {NUMBER, RESULTS}:
            raise ValueError(f"{stage.name} makes {stage.result!r}, a name that is taken")
        needs = {name: _made(stage, name, made) for name in stage.parameters if name not in GIVEN | {NUMBER}}
        numbers = range(arms) if stage.every_arm else (None,)
        several = frozenset(needs) & repeated
        instances = [
            Node(stage, _numbered(stage.name, number), _numbered(stage.result, number), needs, several, number)
            for number in numbers
        ]
        nodes += instances
        made[stage.result] = tuple(instance.result for instance in instances)
        repeated |= {stage.result} if stage.every_arm else set()
    return tuple(nodes)


def _numbered(name: str, number: int | None) -> str:
    return name if number is None else f"{name}_{number}"


def _made(stage: Stage, parameter: str, made: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if parameter == RESULTS:
        return tuple(name for names in made.values() for name in names)
    if parameter not in made:
        raise ValueError(f"{stage.name} asks for {parameter!r}, which no earlier stage makes: {', '.join(made) or 'none'}")
    return made[parameter]


def run_here(nodes: Sequence[Node], context: Context) -> dict[str, Frozen]:
    """Do every task in this process, in order; the results by name.

    What may go on beside others does so until somebody asks for its result. What may be done apart is begun by the crew's helper,
    if there is one, as soon as its inputs are there.
    """
    results: dict[str, Frozen] = {}
    going: dict[str, Future[Frozen]] = {}
    begun: dict[str, Task] = {}
    with context.place.working(), ThreadPoolExecutor(max_workers=4, thread_name_prefix="beside") as pool:
        try:
            for node in nodes:
                if node.result in results:
                    continue
                results |= {name: going.pop(name).result() for name in node.inputs if name in going}
                if node.stage.beside:
                    going[node.result] = pool.submit(copy_context().run, node.run, context, dict(results))
                elif node.stage.apart:
                    ready = sorted(_ready(nodes, results), key=lambda other: -other.takes(context, results))
                    made = context.crew.done([begun.get(other.result) or _apart(other, context, results) for other in ready])
                    results |= {other.result: one for other, one in zip(ready, made, strict=True)}
                else:
                    for other in _ready(nodes, results):
                        if other.result not in begun:
                            begun[other.result] = context.crew.begun(_apart(other, context, results))
                    results[node.result] = node.run(context, results)
            return results | {name: future.result() for name, future in going.items()}
        finally:
            context.stopped.set()
            context.crew.dismiss()


def _ready(nodes: Sequence[Node], results: Mapping[str, Frozen]) -> list[Node]:
    """The tasks that may be done apart, as far as all is there that they need, and they are not."""
    apart = [node for node in nodes if node.stage.apart and node.result not in results]
    return [node for node in apart if set(node.inputs) <= results.keys()]


def _apart(node: Node, context: Context, results: Mapping[str, Frozen]) -> Callable[..., Frozen]:
    """The task of a node as a value that another process can be sent."""
    given = {name: results[name] for name in node.inputs}
    return partial(_run_apart, node, context.config, context.place, context.flags, given)


def _run_apart(
    node: Node, config: RunConfig, place: Place, flags: Flags, results: Mapping[str, Frozen], listener: Listener
) -> Frozen:
    return node.run(Context(config, place, flags, listener), results)


def imported(path: str) -> tuple[Stage, ...]:
    """The list of stages at ``package.module:NAME``: orchestrators hand over its name, and each task finds its stage again.

    >>> [stage.name for stage in imported("ntgate.flow:DRIFT_CHECK")]
    ['ingest', 'evidently', 'embed', 'check_drift']
    """
    module, _, name = path.partition(":")
    stages: tuple[Stage, ...] = getattr(importlib.import_module(module), name)
    return stages
