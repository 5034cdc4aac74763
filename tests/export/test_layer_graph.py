"""The graphs of our own backbones, written layer by layer."""

from __future__ import annotations

import pytest
import torch
from onnx import numpy_helper
from torch import nn

from ntgate.export.layer_graph import layer_graph
from ntgate.export.runtime import session_of
from ntgate.training.config import Cnn, Mlp, NetworkSpec, Residual
from ntgate.training.network import build

CASES = {
    "mlp": (Mlp(hidden=(9, 5)), (4,)),
    "linear": (Mlp(hidden=()), (4,)),
    "grey": (Cnn(), (16, 16)),
    "colour, too small to be pooled twice": (Cnn(channels=(4, 5, 6), width=7), (3, 9, 8)),
    "side by side": (Residual(source=Cnn(channels=(4,), width=6), own=Mlp(hidden=(5,))), (8, 8)),
}


def network(name: str):
    backbone, shape = CASES[name]
    made = build(NetworkSpec(backbone=backbone, input_shape=shape, classes=3), seed=0).eval()
    made.normaliser.fit(torch.randn(50, *shape))
    return made, shape


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rows", [1, 5])
def test_the_graph_scores_what_the_network_scores(name, rows):
    made, shape = network(name)
    x = 4 * torch.randn(rows, *shape)
    x.view(rows, -1)[0, 0] = 1e6  # beyond what the normaliser lets through
    with torch.inference_mode():
        expected = made(x).softmax(dim=1)
    graph = layer_graph(made, shape)
    scores = session_of(graph.SerializeToString()).run(None, {"x": x.numpy()})[0]
    torch.testing.assert_close(torch.from_numpy(scores), expected, atol=1e-6, rtol=1e-5)


def test_a_padding_of_other_values_and_a_hook_are_left_to_torch():
    made, shape = network("grey")
    assert layer_graph(made, shape) is not None
    made.features[1].padding_mode = "circular"
    assert layer_graph(made, shape) is None
    made, shape = network("mlp")
    handle = made.features[1].register_forward_hook(lambda *_: torch.zeros(1, 9))
    assert layer_graph(made, shape) is None
    handle.remove()
    made.features[2] = nn.LeakyReLU()
    assert layer_graph(made, shape) is None


def test_a_subclass_may_do_anything():
    class Twice(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    made, shape = network("mlp")
    made.features[1] = Twice(4, 9)
    assert layer_graph(made, shape) is None


def test_weights_are_in_the_graph_as_they_are_and_by_their_names():
    made, shape = network("mlp")
    stored = {each.name: numpy_helper.to_array(each) for each in layer_graph(made, shape).graph.initializer}
    assert (stored["network.head.weight"] == made.head.weight.detach().numpy()).all()
    assert {"network.normaliser.mean", "network.features.1.bias"} <= stored.keys()
