"""ZenML pipelines: static DAGs, so that they also compile for Kubeflow."""

from ntgate.optouts import opt_out

opt_out()
