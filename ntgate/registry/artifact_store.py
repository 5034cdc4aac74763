"""Whether the store of artifacts takes a file and gives it back, asked before anything is trained."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ntgate.errors import RegistryDeniedError, RegistryError
from ntgate.extras import not_installed
from ntgate.registry.client import Registry, translated
from ntgate.registry.config import RegistryConfig

_CONTENT = b"\n"
_PATIENCE = 30.0  # seconds; the libraries of some stores wait for minutes


def check_store(registry: Registry, *, create: bool, patience: float = _PATIENCE) -> None:
    """Write a byte where the model's runs keep their artifacts, read it back and delete it.

    Args:
        registry: of the model.
        create: create the experiment where there is none, as recording a run would; else, where no place is configured, none is
            asked.
        patience: seconds within which the store has to have done so.

    Raises:
        RegistryError: when the store does not; the sentence names the place and who fixed it.
    """
    with translated(registry.config):
        if create:
            registry.experiment()
        found = registry.client.get_experiment_by_name(registry.experiment_name)
    place = registry.config.artifact_location if found is None else str(found.artifact_location)
    if place is not None:
        check_place(registry.config, place, registry.experiment_name, patience=patience)


def check_place(config: RegistryConfig, place: str, experiment: str, *, patience: float = _PATIENCE) -> None:
    """The same for a ``place`` that may not be in use yet.

    Args:
        config: of the registry.
        place: where the artifacts of the experiment go.
        experiment: its name.
        patience: seconds within which the store has to have done so.

    Raises:
        RegistryError: when the store does not.
    """
    fix = (
        f"start the store or correct the rights on it; MLflow fixes the place when an experiment is created, here {experiment}, so "
        "that another place needs another experiment: set registry.experiment, and registry.artifact_location beside it"
    )
    with store_at(config, place, fix):
        _within(patience, lambda: _round_trip(place, config.uri))


@contextmanager
def store_at(config: RegistryConfig, place: str, fix: str) -> Iterator[None]:
    """Name the store at ``place``, and not the registry, in what goes wrong with artifacts.

    Raises:
        ConfigError: when the store's library is not installed.
        RegistryError: instead of what MLflow, its stores and their libraries raise.
    """
    try:
        with translated(config):
            yield
    except ImportError as error:
        raise not_installed(_named(place), place, error) from error
    except RegistryError as error:
        raise type(error)(
            _named(place),
            expected="a store that takes files and gives them back",
            got=error.got,
            fix=error.fix if isinstance(error, RegistryDeniedError) else fix,
        ) from error


def _named(place: str) -> str:
    return f"artifact store {place}"


def _round_trip(place: str, tracking_uri: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    store, folder = get_artifact_repository(place, tracking_uri), f"ntgate-preflight-{secrets.token_hex(8)}"
    with tempfile.TemporaryDirectory() as temporary:
        given = Path(temporary) / "byte"
        given.write_bytes(_CONTENT)
        store.log_artifact(str(given), folder)
        try:
            back = Path(store.download_artifacts(f"{folder}/{given.name}", temporary))
            if back.read_bytes() != _CONTENT:
                raise OSError("other bytes than were written")
        finally:
            with suppress(Exception):  # a store may forbid deletion, and yet take models
                store.delete_artifacts(folder)


def _within(seconds: float, act: Callable[[], None]) -> None:
    raised: list[BaseException] = []

    def acting() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001  handed on below
            raised.append(error)

    thread = threading.Thread(target=acting, name="artifact store", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    if raised:
        raise raised[0]
