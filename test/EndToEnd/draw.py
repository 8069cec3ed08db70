# draw.py - draws one model of 3 to 30 nodes around BatchNormalization from a seed.
# SPDX-License-Identifier: Apache-2.0

import dataclasses

import numpy as np
import onnx

import linear
import neighbours
from graph import DTYPES, Graph, Value
from nests import nest

NEWEST_OPSET = onnx.defs.onnx_opset_version()
OPSETS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]

# How often each way to go on is tried; one that does not fit the value is passed over.
STEPS = [(8, linear.conv), (2, linear.conv_transpose), (4, linear.gemm), (3, linear.matmul), (4, neighbours.activation),
         (4, neighbours.arithmetic), (3, neighbours.add_values), (1.5, neighbours.concat), (1, neighbours.split), (1, neighbours.slice_),
         (1, neighbours.pad), (2, neighbours.pool), (0.7, neighbours.reduce_mean), (1.5, neighbours.reshape), (1, neighbours.transpose),
         (0.7, neighbours.squeeze), (0.5, neighbours.identity), (0.3, neighbours.cast), (0.4, neighbours.quantize), (0.8, neighbours.branches)]
WEIGHTS = np.array([weight for weight, _ in STEPS]) / sum(weight for weight, _ in STEPS)
MAX_ELEMENTS = 6000


@dataclasses.dataclass
class Case:
    """A model and what must be known to judge it."""
    model: onnx.ModelProto
    inputs: dict
    dtype: type
    quantized: bool
    summed: int = 1
    aborts_peer: bool = False  # whether ONNX Runtime ends the process on the model


def draw_input(graph):
    rank = graph.pick(2, 3, 3, 4, 4, 4, 4, 5)
    shape = [graph.integer(1, 3), graph.pick(1, 2, 3, 4, 6, 8)] + [graph.integer(3, 8 if rank < 5 else 5) for _ in range(rank - 2)]
    return Value("x", shape)


def grow(graph, x):
    """Adds a step behind `x`, and most often a BatchNormalization behind a linear one."""
    step = STEPS[graph.rng.choice(len(STEPS), p=WEIGHTS)][1]
    y = step(graph, x)
    if y is None or np.prod(y.shape) > MAX_ELEMENTS:
        return None
    if step.__module__ == "linear" and graph.chance(0.6) or graph.chance(0.15):
        if graph.chance(0.12):
            graph.values.append(y)  # the linear node's result is in use elsewhere as well
        y = linear.batch_norm(graph, y) or y
        if graph.chance(0.2):
            y = neighbours.arithmetic(graph, y) or y
    return y


def pick_outputs(graph):
    """What nothing uses, and now and then what something does."""
    used = {name for node in graph.nodes for name in node.input}
    values = {v.name: v for v in graph.values if v.name != "x"}
    return [v for name, v in values.items() if name not in used or graph.chance(0.08)] or [graph.values[-1]]


def draw(seed):
    """The case of this seed."""
    rng = np.random.default_rng(seed)
    dtype = DTYPES[rng.choice([*["f32"] * 12, "f16", "f16", "f64", "bf16"])]
    low = 13 if dtype == DTYPES["bf16"] else 7
    graph = Graph(rng, dtype, int(rng.choice([o for o in OPSETS if low <= o <= NEWEST_OPSET])))
    if dtype == DTYPES["bf16"]:
        graph.opset = max(graph.opset, 22)  # most operators know the type since then
    x = draw_input(graph)
    graph.values.append(x)
    target = int(np.exp(rng.uniform(np.log(3), np.log(30))))
    while len(graph.nodes) < target or not any(n.op_type == "BatchNormalization" for n in graph.nodes):
        start = graph.values[-1] if graph.chance(0.8) else graph.pick(*graph.values)
        y = grow(graph, start)
        if y is not None:
            graph.values.append(y)
    outputs = pick_outputs(graph)
    if graph.opset >= 15 and graph.chance(0.25):
        nest(graph, graph.to_model([x], outputs, np.random.default_rng(seed)), outputs)
    model = graph.to_model([x], outputs, rng)
    if rng.random() < 0.3:
        model = onnx.shape_inference.infer_shapes(model)
    inputs = {x.name: rng.standard_normal(x.shape).astype(dtype)} | graph.extra_inputs
    return Case(model, inputs, dtype, any(v.quantized for v in graph.values), graph.summed)


def draw_inputs(case, seed):
    """Other inputs for the same case."""
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(array.shape).astype(case.dtype) if array.dtype == case.dtype else array
            for name, array in case.inputs.items()}
