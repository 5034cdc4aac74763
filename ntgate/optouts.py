"""What keeps the libraries from reporting to their makers: each by its own variable, and all of them in one place."""

from __future__ import annotations

import os

# ONNX Runtime reads its variable while it is imported, and else leaves an id file in the user's cache and looks up its maker's
# host, whatever DO_NOT_TRACK says. MLflow takes "true" for DO_NOT_TRACK and no "1", Evidently takes anything.
OPT_OUTS = {
    "ORT_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "ZENML_ANALYTICS_OPT_IN": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def opt_out() -> None:
    """Opt out for this process and those that it starts, where the user has not decided otherwise.

    Called by every entry point, and by every module of ours directly before it imports one of the libraries: it has no effect on
    one that is imported already.

    >>> opt_out()
    >>> os.environ["ORT_DISABLE_TELEMETRY"]
    '1'
    """
    for variable, value in OPT_OUTS.items():
        os.environ.setdefault(variable, value)
