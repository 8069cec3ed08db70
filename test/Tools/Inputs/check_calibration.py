# check_calibration.py - bn calibrate on two-bn.onnxtxt against the same computed by NumPy.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_calibration.py MODEL.onnxtxt FOLDER      the program is bn
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

MODEL, FOLDER = sys.argv[1:]
SCALE, OFFSET, MEAN, VAR = (np.array(v).reshape(3, 1) for v in ([1, 0.5, 2], [0, 1, -1], [0.5, 0, 1], [1, 4, 0.25]))


def moments(x):
    return x.mean((0, 2)).reshape(3, 1), x.var((0, 2)).reshape(3, 1)


def normalize(x, mean, var):
    return np.maximum((x - mean) / np.sqrt(var + 0.001) * SCALE + OFFSET, 0)


def write_batches(sizes):
    """Data far from zero, whose mean drifts from batch to batch; the sums of both inputs."""
    rng, sums = np.random.default_rng(0), []
    os.makedirs(os.path.join(FOLDER, "data"), exist_ok=True)
    for i, size in enumerate(sizes):
        a, b = (rng.normal(50 + i, 1 + i, (size, 3, 5)).astype(np.float32) for _ in "ab")
        np.savez(os.path.join(FOLDER, "data", f"{i:02}.npz"), a=a, b=b)
        sums.append((a + b).astype(np.float64))
    return sums


def calibrate(*options):
    """The statistics of both layers afterwards; nothing else may change."""
    path = os.path.join(FOLDER, "out.onnx")
    subprocess.run(["bn", "calibrate", MODEL, "--data", os.path.join(FOLDER, "data"), "-o", path, "--quiet", *options], check=True)
    graph = onnx.load(path).graph
    values = {tensor.name: numpy_helper.to_array(tensor).reshape(3, 1) for tensor in graph.initializer}
    assert [node.op_type for node in graph.node] == ["Add", "BatchNormalization", "Relu", "BatchNormalization"]
    layers = [node for node in graph.node if node.op_type == "BatchNormalization"]
    for layer in layers:
        assert (values[layer.input[1]] == SCALE).all() and (values[layer.input[2]] == OFFSET).all()
    return [(values[layer.input[3]], values[layer.input[4]]) for layer in layers]


def expect(actual, expected, what):
    for layer, (got, want) in enumerate(zip(actual, expected)):
        for name, a, e in zip(("mean", "variance"), got, want):
            assert np.allclose(a, e, rtol=1e-5, atol=1e-6), f"{what}, layer {layer}, {name}: {a.ravel()} instead of {e.ravel()}"


batches = write_batches([4, 7, 1, 6])
everything = np.concatenate(batches)

# Joint: the second layer sees what the first makes with each batch's own statistics.
first = moments(everything)
second = moments(np.concatenate([normalize(x, *moments(x)) for x in batches]))
expect(calibrate(), [first, second], "joint")
expect(calibrate("--engine=reference"), [first, second], "joint, by the interpreter")

# Sequential: with the new statistics of the first, however the data is cut.
sequential = [first, moments(normalize(everything, *first))]
expect(calibrate("--mode=sequential"), sequential, "sequential")
expect(calibrate("--mode=sequential", "--batch=2"), sequential, "sequential in other batches")

# A moving average; a mixture with the old statistics.
average = MEAN, VAR
for x in batches:
    average = [0.75 * old + 0.25 * new for old, new in zip(average, moments(x))]
expect(calibrate("--momentum=0.75")[:1], [average], "momentum")
mixed = [0.3 * new + 0.7 * old for new, old in zip(first, (MEAN, VAR))]
expect(calibrate("--mix=0.3")[:1], [mixed], "mix")
expect(calibrate("--mix=0"), [(MEAN, VAR)] * 2, "mix 0")
print("calibration is exact")
