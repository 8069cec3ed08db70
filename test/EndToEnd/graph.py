# graph.py - a model under construction: nodes, constants in every spelling, values with their shapes.
# SPDX-License-Identifier: Apache-2.0
"""Shapes are those of the drawn input; the model's file may leave the batch open."""

import dataclasses

import ml_dtypes
import numpy as np
from onnx import helper, numpy_helper

from dice import Dice

DTYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "bf16": ml_dtypes.bfloat16}


@dataclasses.dataclass
class Value:
    name: str
    shape: list
    quantized: bool = False  # whether a rounding to a coarse grid lies before it


def element_type(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


class Graph(Dice):
    """Nodes and initializers so far; `values` are the candidates to go on from."""

    def __init__(self, rng, dtype, opset):
        super().__init__(rng)
        self.dtype, self.opset = dtype, opset
        self.nodes, self.initializers, self.values = [], [], []
        self.functions, self.extra_inputs, self.infos = [], {}, []
        self.summed = 1  # the most numbers that one element of a mean, a convolution or a product is made of
        self.shared = {}  # shape -> name of a constant that a later node may use as well

    def initializer(self, array):
        name = f"w{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def constant(self, array):
        """An initializer, or a Constant node, or an initializer behind an Identity."""
        style = self.rng.random()
        if style < 0.08:
            return self.node("Constant", [], value=numpy_helper.from_array(np.ascontiguousarray(array)))
        name = self.initializer(array)
        return self.node("Identity", [name]) if style < 0.14 else name

    def integers(self, *values):
        return self.initializer(np.asarray(values, np.int64))

    def normal(self, *shape, scale=1.0, share=0.1):
        """Random numbers; now and then those of an earlier constant of this shape."""
        key = (shape, scale)
        if key in self.shared and self.chance(share):
            return self.shared[key]
        self.shared[key] = self.constant((self.rng.standard_normal(shape) * scale).astype(self.dtype))
        return self.shared[key]

    def node(self, operator, inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, name=f"{operator}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def weight(self, *shape, axis, scale=1.0):
        """Random weights; now and then integers with one scale, or one for each index along `axis`."""
        if self.opset < 10 or self.dtype != np.float32 or not self.chance(0.08):
            return self.normal(*shape, scale=scale)
        along = self.opset >= 13 and self.chance(0.6)
        steps = (self.rng.random(shape[axis] if along else ()) + 0.5) * scale / 64
        inputs = [self.initializer(self.rng.integers(-128, 128, shape).astype(np.int8)), self.initializer(np.asarray(steps, np.float32))]
        if self.chance(0.5):
            inputs.append(self.initializer(np.zeros(steps.shape if along else (), np.int8)))
        return self.node("DequantizeLinear", inputs, **({"axis": axis} if along else {}))

    def extra_input(self, name, array):
        """A further input of the model, with its number."""
        self.extra_inputs[name] = array
        return name

    def value(self, name, shape, *sources):
        return Value(name, list(shape), any(source.quantized for source in sources))

    def to_model(self, inputs, outputs, rng):
        """The model with open or fixed batch, shapes of its values or none, and initializers as inputs in old files."""
        element = element_type(self.dtype)
        open_batch = rng.random() < 0.5
        infos = [helper.make_tensor_value_info(v.name, element, ["N", *v.shape[1:]] if open_batch else v.shape) for v in inputs]
        results = [helper.make_tensor_value_info(v.name, element, [f"{v.name}_{i}" for i in range(len(v.shape))]) for v in outputs]
        infos += [helper.make_tensor_value_info(name, element_type(array.dtype), array.shape) for name, array in self.extra_inputs.items()]
        old = self.opset <= 8 and rng.random() < 0.4
        if old:
            infos += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in self.initializers]
        graph = helper.make_graph(self.nodes, "random", infos, results, self.initializers, value_info=self.infos)
        opsets = [helper.make_opsetid("", self.opset)] + [helper.make_opsetid("local", 1) for _ in self.functions]
        version = 3 if old else 8 if self.opset < 20 else 10
        return helper.make_model(graph, opset_imports=opsets, functions=self.functions, ir_version=version)
