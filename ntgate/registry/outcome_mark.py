"""What a run's page in MLflow says once somebody has answered for its version."""

from __future__ import annotations

import re
from contextlib import suppress

from ntgate.markdown import escaped
from ntgate.registry.answered_page import put_answer
from ntgate.registry.champion import PREVIOUS
from ntgate.registry.client import Registry
from ntgate.registry.final_page import LONGEST, NOTE, VERSION
from ntgate.registry.rollback_words import rollback_words

_TO_DO = re.compile(r"(?<=\*\*What to do\*\*\n\n)(?:- .*\n)+")  # of the note, while the version waits


def mark_answer(registry: Registry, version: str, outcome: str, by: str, reason: str) -> None:
    """Say at the run that made the version how it ended; the version's own tags say so too, so that a fault ends nothing."""
    with suppress(Exception):
        client = registry.client
        tags = client.get_model_version(registry.name, version).tags
        run_id = tags.get("ntgate.run_id")
        if run_id is None:
            return
        said = f"**{outcome}** by {escaped(by)}: {escaped(reason)}"
        run = client.get_run(run_id)
        before = run.data.tags.get(NOTE, "")
        client.set_tag(run_id, "ntgate.outcome", outcome)
        client.update_run(run_id, name=run.info.run_name.replace("approval_wanted", outcome))
        steps = [f"`ntgate status {registry.name}` says what is next."]
        if outcome == "promoted":
            client.set_tag(run_id, VERSION, version)
            steps.append(f'mlflow.pyfunc.load_model("models:/{registry.name}@champion") takes raw rows.')
            steps.append(rollback_words(registry.name, tags.get(PREVIOUS)))
        if not before.startswith(said):
            rest = _TO_DO.sub(lambda _: "".join(f"- {escaped(step)}\n" for step in steps), before)
            client.set_tag(run_id, NOTE, f"{said}\n\n{rest}"[:LONGEST])
        put_answer(registry, run_id, outcome, by, reason)
