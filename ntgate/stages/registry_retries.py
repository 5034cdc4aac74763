"""A registry that is away for a moment does not cost a run on a cluster: the stages that need it ask again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from ntgate.errors import ChampionMovedError, RegistryDeniedError, RegistryError

P = ParamSpec("P")
R = TypeVar("R")

WAITS = (5.0, 20.0, 60.0)  # seconds; a server that is restarted is back within them

_log = logging.getLogger(__name__)


def registry_retries(stage: Callable[P, R], waits: Sequence[float] = WAITS) -> Callable[P, R]:
    """``stage``, called again after each of ``waits`` seconds while the registry does not answer.

    An orchestrator's own retries repeat a step after every exception, a refusal of the data among them. Here only
    :class:`~ntgate.errors.RegistryError` is repeated, and neither a champion that moved nor refused credentials: those answers stay
    the same.

    Args:
        stage: may be called again: promoting the same decision twice is promoting it once.
        waits: seconds before each further attempt.

    >>> answers = iter([RegistryError("registry", expected="an answer", got="none", fix="start it"), "version 3"])
    >>> def ask():
    ...     answer = next(answers)
    ...     if isinstance(answer, RegistryError):
    ...         raise answer
    ...     return answer
    >>> registry_retries(ask, waits=[0.0])()
    'version 3'
    """

    def patient(*args: P.args, **kwargs: P.kwargs) -> R:
        for wait in waits:
            try:
                return stage(*args, **kwargs)
            except (ChampionMovedError, RegistryDeniedError):
                raise
            except RegistryError as error:
                _log.warning("%s Asking again in %g s.", error, wait)
                time.sleep(wait)
        return stage(*args, **kwargs)

    return patient
