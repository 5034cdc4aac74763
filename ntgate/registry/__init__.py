"""The registry: runs, versions and the champion in MLflow, through explicit clients and no global state."""
