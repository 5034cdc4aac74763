"""What an arm leaves: a model that scores raw rows, is stored without a pickle and exported to ONNX.

Adding a kind is one file and one line in this union.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from ntgate.models.base import Model, StoredModel
from ntgate.models.committee import StoredCommittee
from ntgate.models.graph import StoredGraph
from ntgate.models.linear import StoredLinear
from ntgate.models.network import StoredNetwork
from ntgate.unions import OpenUnion

__all__ = ["MODELS", "AnyModel", "Model", "StoredModel"]

MODELS = OpenUnion(StoredModel, "a model", "ntgate.models", (StoredNetwork, StoredLinear, StoredGraph, StoredCommittee))
AnyModel: TypeAlias = Annotated[StoredModel, MODELS]
