# check_memory.py - what a process that compiles a model takes: its packed weights, its plan of activations, and little more.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_memory.py FOLDER      the program is bn
import json
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = sys.argv[1]
LAYERS = 4
ALLOWED = 60e6  # beside weights and activations: MLIR, LLVM, the program


def write_model(path, channels):
    """Convolutions of one tap with a BatchNormalization each, on an image of 5 by 3."""
    rng = np.random.default_rng(0)
    nodes, tensors, value = [], [], "x"

    def add(name, array):
        tensors.append(numpy_helper.from_array(array.astype(np.float32), name))
        return name

    for i in range(LAYERS):
        weights = add(f"w{i}", rng.normal(0, channels**-0.5, (channels, channels, 1, 1)))
        statistics = [add(f"{kind}{i}", rng.uniform(0.5, 1.5, channels)) for kind in ("scale", "offset", "mean", "variance")]
        nodes.append(helper.make_node("Conv", [value, weights], [f"c{i}"]))
        nodes.append(helper.make_node("BatchNormalization", [f"c{i}", *statistics], [f"n{i}"]))
        nodes.append(helper.make_node("Relu", [f"n{i}"], [f"y{i}"]))
        value = f"y{i}"
    shape = [1, channels, 5, 3]
    inputs, outputs = ([helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name in ("x", value))
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return 4 * LAYERS * channels**2


def get_peak(model):
    command = ["bn", "bench", model, "--threads", "2", "--warmup", "0", "--iterations", "1", "--quiet", "--json", "-"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["peak_rss_bytes"]


def run(model, output):
    subprocess.run(["bn", "run", model, "--output", f"0=@{output}"], check=True)
    return np.load(output)


os.makedirs(FOLDER)
model = os.path.join(FOLDER, "large.onnx")
weights = write_model(model, channels=1600)
cold, cached = get_peak(model), get_peak(model)
for start, peak in (("cold", cold), ("cached", cached)):
    assert peak < weights + ALLOWED, f"{start}: {peak / 1e6} MB with weights of {weights / 1e6} MB"

# What was written while the code was made is what is read.
medium = os.path.join(FOLDER, "medium.onnx")
write_model(medium, channels=208)  # 170 KB of weights a layer
first, second = run(medium, os.path.join(FOLDER, "first.npy")), run(medium, os.path.join(FOLDER, "second.npy"))
assert (first == second).all() and np.abs(first).max() > 0
subprocess.run(["bn", "run", medium, "--engine=reference", "--expected", f"0=@{FOLDER}/first.npy", "--rtol", "1e-4", "--quiet"], check=True)
print("memory is bounded")
