"""ZenML pipelines: static DAGs, so that they also compile for Kubeflow."""
