# make_test_folders.py - ONNX test folders: one that holds, one whose answer is wrong, one with an operator nobody has.
# SPDX-License-Identifier: Apache-2.0
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def write(folder, operator, domain, x, y):
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"], domain=domain)],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, y.shape)],
    )
    opsets = [helper.make_opsetid("", 15)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), os.path.join(folder, "model.onnx"))
    for name, array in ("input_0.pb", x), ("output_0.pb", y):
        with open(os.path.join(data, name), "wb") as file:
            file.write(numpy_helper.from_array(array).SerializeToString())


root = sys.argv[1]
x = np.array([[1, -2, 3], [-4, 5, -6]], np.float32)
write(os.path.join(root, "holds"), "Relu", "", x, np.maximum(x, 0))
write(os.path.join(root, "deep/er/wrong"), "Relu", "", x, np.maximum(x, 1))
write(os.path.join(root, "unknown"), "Frobnicate", "example.org", x, x)
