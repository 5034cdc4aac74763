"""Measures over tables that no one machine holds: the workers of a Dask cluster do the map."""

from ntgate.distributed.dask_engine import DaskEngine, workers

__all__ = ["DaskEngine", "workers"]
