"""What takes longest to import: loaded once, so that a command that is killed a second time need not begin with it."""

from ntgate.optouts import opt_out

opt_out()

import lightning_fabric  # noqa: E402, F401
import matplotlib.pyplot  # noqa: E402, F401
import mlflow.onnx  # noqa: E402
import mlflow.store.tracking.sqlalchemy_store  # noqa: E402, F401
import onnxruntime  # noqa: E402, F401
import pandas as pd  # noqa: E402, F401
import sklearn.linear_model  # noqa: E402, F401
import torch._dynamo  # noqa: E402, F401
from mlflow.utils.requirements_utils import _init_modules_to_packages_map  # noqa: E402

import ntgate.cli.app  # noqa: E402
import ntgate.flow  # noqa: E402
import ntgate.report.page  # noqa: E402
import ntgate.shift.report  # noqa: E402
import ntgate.stages.ask  # noqa: E402
import ntgate.stages.judge  # noqa: E402
import ntgate.training.source  # noqa: E402, F401

_init_modules_to_packages_map()  # seconds, which MLflow else takes in each process
