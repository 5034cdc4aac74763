"""A promoter in a process of its own, which can be killed at a boundary of the protocol. Run by the fixture ``promoters``."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ntgate.errors import RegistryError
from ntgate.registry.client import Registry, connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.lock import promotion_lock
from ntgate.registry.promotion import PromotionRequest, promote


class Mortal:
    """The client, which kills its process just before the named call."""

    def __init__(self, client: Any, fatal: str) -> None:
        self._client, self._fatal = client, fatal

    def __getattr__(self, name: str) -> Any:
        if name == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return getattr(self._client, name)


def main(given: Mapping[str, Any]) -> None:
    registry = connect(RegistryConfig(**given["config"]), "reader")
    if given["die_before"]:
        mortal: Any = Mortal(registry.client, given["die_before"])
        registry = Registry(mortal, registry.config, registry.name)
    answer: dict[str, Any] = {}
    given["barrier"].wait(60)
    try:
        if given["act"] == "promote":
            answer["version"] = promote(registry, PromotionRequest(**given["request"]))
        else:  # hold the lock for a moment, and write down when
            with promotion_lock(registry):
                answer["began"] = time.monotonic()
                time.sleep(0.3)
                answer["ended"] = time.monotonic()
    except RegistryError as error:
        answer["error"], answer["sentence"] = type(error).__name__, str(error)
    Path(given["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if "barrier" in globals():  # run by the fixture, not imported
    main(globals())
