"""ZenML's model control plane after runs, on ZenML's own store with versions in a real registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT, python

NAMES = ["{date} {nothing}", "550e8400-e29b-41d4-a716-446655440000", "it's", "latest", "ü" * 100, "7"]
RUNS = '''
import json, sys, traceback
from pathlib import Path
from types import SimpleNamespace
from zenml import pipeline, step
from zenml.client import Client
from ntgate.config import RunConfig
from ntgate.registry.client import connect
from ntgate.registry.champion import ALIAS
from ntgate.zenml import model_control
from ntgate.zenml.model_control import show_run, show_versions

FOLDER, NAME = sys.argv[1], ""
said = []
of_step = model_control._run

def config(name=None):
    name = name or NAME
    data = {"source": {"path": "/s.npz"}, "target": {"path": "/t.npz"}}
    return RunConfig.model_validate({"model": {"name": name}, "data": data, "registry": {"uri": f"sqlite:///{FOLDER}/mlflow.db"}})

def promoted(version, name=None, **tags):
    """What a promotion leaves in MLflow."""
    name = name or NAME
    client = connect(config(name).registry, name).client
    try:
        client.get_registered_model(name)
    except Exception:
        client.create_registered_model(name)
    known = {"ntgate.decision_id": f"d{version}", "ntgate.state": "promoted"}
    known |= {"ntgate.gain": "+4.2 points", "ntgate.strategy": "committee"}
    made = client.create_model_version(name, "s3://nowhere", tags=known | tags)
    assert int(made.version) == version, made.version
    if not tags:
        client.set_registered_model_alias(name, ALIAS, version)
    return client

@step(enable_cache=False)
def whole(name: str, decision: str, dry_run: bool) -> None:
    show_run(config(name), said.append)
    show_versions(config(name), SimpleNamespace(decision_id=decision, dry_run=dry_run), said.append)

@pipeline(enable_cache=False)
def retrain(name: str, decision: str, dry_run: bool):
    whole(name, decision, dry_run)

runs = []

def run(real=False, name=None, decision="none", dry_run=False):
    """A run on ZenML, or what its first and its last step would do of the latest one: a pipeline takes ZenML five seconds."""
    name = name or NAME
    if real or not runs:
        runs.append(retrain(name, decision, dry_run).id)
    else:
        model_control._run = lambda: runs[-1]
        whole.entrypoint(name, decision, dry_run)
        model_control._run = of_step
    return runs[-1]

def stands(name=None):
    """Each version with its stage, and how many runs it has."""
    name = name or NAME
    [model] = [one for one in Client().list_models(size=100).items if one.name == name]
    found = Client().list_model_versions(model=model.id, hydrate=True, size=100).items
    runs = Client().list_pipeline_runs
    return {one.name: [one.stage, runs(linked_to_model_version_id=one.id).total] for one in found}

def metadata(version):
    return dict(Client().get_model_version(Client().list_models(name=NAME).items[0].id, version).run_metadata)

def every(scripts):
    """What each script leaves as `answer`, in a registry and about a model of its own; or the end of what it raised."""
    global FOLDER, NAME
    answers = {}
    for NAME, script in scripts.items():
        FOLDER = f"{sys.argv[1]}/{NAME}"
        Path(FOLDER).mkdir(exist_ok=True)
        said.clear()
        try:
            exec(script, globals())
            answers[NAME] = globals().pop("answer")
        except Exception:
            answers[NAME] = traceback.format_exc()[-3000:]
    print(json.dumps(answers))
'''

SCRIPTS = {
    "a year": """
looks = []
run(); looks.append(stands())                       # refused, and there was never a champion
promoted(1); run(real=True, decision="d1"); looks.append(stands())
run(); looks.append(stands())                       # refused
promoted(2); run(real=True, decision="d2"); looks.append(stands())
run(decision="d2"); looks.append(stands())          # repeated
client = connect(config().registry, NAME).client
client.set_registered_model_alias(NAME, ALIAS, "1")
looks.append(stands()); run(); looks.append(stands())  # rolled back: seen at the next run
promoted(3); run(dry_run=True); looks.append(stands())
client.delete_registered_model_alias(NAME, ALIAS); run(); looks.append(stands())
answer = [looks, metadata("mlflow-1"), list(said)]
""",
    "waiting": """
until = "2999-01-01T00:00:00+00:00"
client = promoted(1)
promoted(2, **{"ntgate.state": "waiting", "ntgate.approval_until": until, "ntgate.previous_champion": "1"})
run(decision="d2"); looks = [stands()]
client.set_model_version_tag(NAME, "2", "ntgate.state", "promoted")
client.set_registered_model_alias(NAME, ALIAS, "2")
run(); answer = [*looks, stands()]
""",
    "theirs": """
model = Client().create_model(NAME)
theirs = Client().create_model_version(model.id, name="served by hand")
Client().update_model_version(model.id, theirs.id, stage="production")
promoted(1); run(decision="d1")
answer = [stands(), list(said)]
""",
    "anew": """
promoted(1, **{"ntgate.state": "promoted"}).set_registered_model_alias(NAME, ALIAS, "1")
registry = connect(config().registry, NAME)
experiment = registry.experiment()
def again():
    made = registry.client.create_run(experiment).info.run_id
    registry.client.delete_registered_model(NAME)
    registry.client.create_registered_model(NAME)
    tags = {"ntgate.decision_id": "again", "ntgate.state": "promoted"}
    registry.client.create_model_version(NAME, "s3://nowhere", run_id=made, tags=tags)
    registry.client.set_registered_model_alias(NAME, ALIAS, "1")
    run(decision="again")
    return made[:8]
run(decision="d1")
first, second = again(), again()
run()
answer = [first, second, stands()]
""",
    "names": f"""
names = {NAMES!r}
for name in names:
    promoted(1, name=name); run(real=name == names[0], name=name, decision="d1")
answer = [[stands(name) for name in names], list(said)]
""",
    "broken": """
promoted(1)
def fails(*_, **__):
    raise RuntimeError("no room\\n  on the server")
looks = []
for broken in ("create_model", "list_models", "update_model_version"):
    kept = getattr(Client, broken)
    setattr(Client, broken, fails)
    looks.append([Client().get_pipeline_run(run(real=True, decision="d1")).status.value, *said])
    setattr(Client, broken, kept)
    said.clear()
connect(config().registry, NAME).client.delete_registered_model(NAME)
kept, model_control.version_page = model_control.version_page, fails
promoted(1); run(decision="d1")
model_control.version_page = kept
answer = [looks, list(said), stands()]
""",
    "meanwhile": """
promoted(1)
seen, aligned = [], model_control._aligned
def moved(*given):
    done = aligned(*given)
    if not seen:
        seen.append(promoted(2))
    return done
model_control._aligned = moved
run(decision="d1")
model_control._aligned = aligned
answer = stands()
""",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one ZenML store: to make it takes longer than a test."""
    return tmp_path_factory.mktemp("zenml")


@pytest.fixture(scope="module")
def answers(store: Path) -> dict:
    """What every script leaves, from one process."""
    return answers_of(SCRIPTS, store)


def answers_of(scripts: dict[str, str], store: Path) -> dict:
    (store / "script.py").write_text(f"{RUNS}\nevery({scripts!r})\n")
    done = python(store, str(store / "script.py"), str(store))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_year_in_short(answers):
    looks, metadata, said = answers["a year"]
    assert said == []
    assert looks == [
        {"all runs": [None, 1]},
        {"all runs": [None, 2], "mlflow-1": ["production", 1]},
        {"all runs": [None, 2], "mlflow-1": ["production", 1]},
        {"all runs": [None, 3], "mlflow-1": ["archived", 1], "mlflow-2": ["production", 1]},
        {"all runs": [None, 3], "mlflow-1": ["archived", 1], "mlflow-2": ["production", 1]},
        {"all runs": [None, 3], "mlflow-1": ["archived", 1], "mlflow-2": ["production", 1]},
        {"all runs": [None, 3], "mlflow-1": ["production", 1], "mlflow-2": ["archived", 1]},
        {"all runs": [None, 3], "mlflow-1": ["production", 1], "mlflow-2": ["archived", 1]},
        {"all runs": [None, 3], "mlflow-1": ["archived", 1], "mlflow-2": ["archived", 1]},
    ]
    made = metadata.pop("made")
    assert made.startswith("20")
    assert metadata == {
        "mlflow_version": "1",
        "mlflow_uri": "models:/a year/1",
        "decision_id": "d1",
        "gain": "+4.2 points",
        "strategy": "committee",
    }


def test_what_waits_for_approval_is_in_staging(answers):
    assert answers["waiting"] == [
        {"all runs": [None, 1], "mlflow-1": ["production", 0], "mlflow-2": ["staging", 1]},
        {"all runs": [None, 1], "mlflow-1": ["archived", 0], "mlflow-2": ["production", 1]},
    ]


def test_versions_of_other_hands_stay(answers):
    assert answers["theirs"] == [
        {"served by hand": ["production", 0], "all runs": [None, 1], "mlflow-1": [None, 1]},
        ["ZenML has served by hand of theirs in production, which is not ntgate's, and it stays there"],
    ]


def test_a_registry_that_was_begun_anew(answers):
    """Its first version is another one than that of before."""
    first, second, stands = answers["anew"]
    assert stands == {
        "all runs": [None, 1],
        "mlflow-1": ["archived", 1],
        f"mlflow-1 {first}": ["archived", 1],
        f"mlflow-1 {second}": ["production", 1],
    }


def test_any_name_of_a_model(answers):
    assert answers["names"] == [[{"all runs": [None, 1], "mlflow-1": ["production", 1]}] * len(NAMES), []]


def test_a_store_that_does_not_take_it_ends_no_run(answers):
    looks, last, stands = answers["broken"]
    run = "ZenML does not show which model the run is about: no room on the server"
    versions = "ZenML does not show the versions of the model: no room on the server"
    assert looks == [["completed", run, versions]] * 2 + [["completed", versions]]
    assert last == [versions]
    assert stands == {"all runs": [None, 1], "mlflow-1": [None, 1]}  # no stage is better than a wrong one


def test_a_champion_that_moves_meanwhile(answers):
    """Read back behind the stages: what was promoted by another run in between is in production at the end."""
    assert answers["meanwhile"] == {"all runs": [None, 1], "mlflow-1": ["archived", 1], "mlflow-2": ["production", 0]}


@pytest.mark.slow
def test_runs_beside_each_other(store):
    """Four processes make the same model and the same version at once; each run is found, and there is one of each."""
    assert answers_of({"beside": "Client().active_stack_model; promoted(1); answer = 0"}, store) == {"beside": 0}
    script = {"beside": "run(decision='d1'); answer = list(said)"}
    (store / "beside.py").write_text(f"{RUNS}\nevery({script!r})\n")
    environment = {"ZENML_CONFIG_PATH": str(store), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(store / "beside.py"), str(store)]
    started = [subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(4)]
    assert [json.loads(one.communicate()[0].splitlines()[-1]) for one in started] == [{"beside": []}] * 4
    assert answers_of({"beside": "answer = stands()"}, store) == {"beside": {"all runs": [None, 4], "mlflow-1": ["production", 4]}}
