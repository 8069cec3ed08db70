# check_function_statistics.py - whether a BatchNormalization that was in a function has the statistics of its input.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_function_statistics.py MODEL DATA     (the model of bodies.onnxtxt: the function convolves with 1, 2, 3, 4)
import sys

import numpy as np
import onnx

model, x = onnx.load(sys.argv[1]), np.load(sys.argv[2])["x"]
assert not model.functions
constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
for node in model.graph.node:
    if node.op_type == "Constant":
        constants[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
convolved = np.einsum("oi,nil->nol", np.array([[1, 2], [3, 4]], np.float32), x)
expected = convolved.mean((0, 2)), convolved.var((0, 2))
outputs = {output: node for node in model.graph.node for output in node.output}
(layer,) = [node for node in model.graph.node if node.op_type == "BatchNormalization" and getattr(outputs.get(node.input[0]), "op_type", "") == "Conv"]
for name, value in zip(layer.input[3:], expected):
    np.testing.assert_allclose(constants[name], value, rtol=1e-5)
print("statistics of the function are those of the data")
