"""What happens when a step of a pipeline fails: somebody hears of it, in one sentence."""

from __future__ import annotations

import logging

_log = logging.getLogger(__name__)


def alert_on_failure(exception: BaseException) -> None:
    """A pipeline's ``on_failure``: tell the log, and the stack's alerter where it has one.

    A verdict of the gate is no failure: a step fails when ntgate could not judge.
    """
    from zenml import get_step_context
    from zenml.client import Client

    context = get_step_context()
    told = sentence(context.pipeline_run.name, context.step_run.name, exception)
    _log.error(told)
    alerter = Client().active_stack.alerter
    if alerter is not None:
        alerter.post(told)


def sentence(run: str, step: str, exception: BaseException) -> str:
    """What failed and why, without a traceback.

    >>> from ntgate.errors import DataError
    >>> sentence("retrain-7", "ingest", DataError("t.npz", expected="an array 'y'", got="none", fix="add the labels as 'y'"))
    "retrain-7: the step ingest failed, nothing was promoted. t.npz: expected an array 'y', got none; add the labels as 'y'."
    >>> sentence("retrain-7", "train_0", KeyError("x"))
    "retrain-7: the step train_0 failed, nothing was promoted. KeyError: 'x'"
    """
    from ntgate.errors import NtgateError
    from ntgate.registry.standing import sentence as stands

    why = str(exception) if isinstance(exception, NtgateError) else f"{type(exception).__name__}: {exception}"
    return f"{run}: the step {step} failed, {stands()}. {why}"
