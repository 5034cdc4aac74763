"""The retrain pipeline: one static DAG, with a fixed number of training slots and scratch beside them."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from ntgate.config import RunConfig
from ntgate.zenml.failure import alert_on_failure
from steps.compress import compress
from steps.cross_fit import cross_fit
from steps.decide import decide
from steps.drift import drift
from steps.evaluate import evaluate
from steps.ingest import ingest
from steps.plan import plan
from steps.promote import promote
from steps.replicate import replicate
from steps.source import source
from steps.train import scratch, train


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST, on_failure=alert_on_failure)
def retrain(config: RunConfig, dry_run: bool = False, allow_first: bool = False, force: bool = False):
    """Retrain on the target, and promote what beats training from scratch.

    The plan travels as data and each slot reads its own strategy from it, so the DAG is the same for every plan. GPUs and images
    are settings of ``retrain.yaml`` beside this file. No step is retried by the orchestrator, which would repeat refusals too; the
    steps that need the registry ask again themselves while it does not answer.
    """
    ingested, champion = ingest(config, dry_run, allow_first, force)
    source_model = source(config, ingested)
    shift, _, _ = drift(config, ingested, source_model)
    made = plan(config, ingested, shift)
    baseline = scratch(config, ingested)
    slots = [train(config, ingested, source_model, made, slot, id=f"train_{slot}") for slot in range(4)]
    compressed = compress(config, ingested, *slots)
    replicated = replicate(config, ingested, source_model, made, compressed)
    crossed = cross_fit(config, ingested, source_model, made)
    evaluated = evaluate(config, ingested, champion, baseline, compressed, replicated, crossed, dry_run)
    decided = decide(config, ingested, champion, shift, evaluated)
    return promote(
        config, ingested, champion, source_model, shift, made, baseline, *slots, compressed, replicated, crossed,
        evaluated, decided, dry_run,
    )  # fmt: skip
