# check_nested_calibration.py - bn calibrate on the layers in the bodies of nested-bn.onnxtxt against the same computed by NumPy.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_nested_calibration.py MODEL.onnxtxt FOLDER      the program is bn
import os
import subprocess
import sys

import numpy as np
import onnx

MODEL, FOLDER = sys.argv[1:]
SCALE, OFFSET, MEAN, VAR = (np.array(v).reshape(2, 1) for v in ([2, -3], [1, 0.5], [-1, 2], [4, 9]))
TRIPS = [3, 0, 1, 2]


def moments(x):
    return x.mean((0, 2)).reshape(2, 1), x.var((0, 2)).reshape(2, 1)


def normalize(x, mean, var):
    return (x - mean) / np.sqrt(var + 1e-5) * SCALE + OFFSET


def observe(x, trips, statistics):
    """What the layer in the Loop's branch and the one in the Scan see; `statistics` gives those of the former."""
    looped, scanned, state = [], [], x
    for _ in range(trips):
        looped.append(state)
        state = normalize(state, *statistics(state)) + x
        scanned += [state[i : i + 1] for i in range(len(state))]
    return looped, scanned


def calibrate(*options):
    path = os.path.join(FOLDER, "out.onnx")
    subprocess.run(["bn", "calibrate", MODEL, "--data", os.path.join(FOLDER, "data"), "-o", path, "--quiet", *options], check=True)
    values, layers = {}, {}

    def read(graph):
        values.update({tensor.name: onnx.numpy_helper.to_array(tensor).reshape(-1, 1) for tensor in graph.initializer})
        for node in graph.node:
            if node.op_type == "BatchNormalization":
                layers[node.output[0]] = node.input[3:]
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    read(attribute.g)

    read(onnx.load(path).graph)
    assert (values[layers["unused"][0]] == [[7], [8]]).all() and (values[layers["unused"][1]] == VAR).all()
    return [[values[name] for name in layers[layer]] for layer in ("used", "inner")]


def expect(options, expected):
    for engine in ("jit", "reference"):
        for layer, want in zip(calibrate("--engine=" + engine, *options), expected):
            np.testing.assert_allclose(layer, want, rtol=1e-5, atol=1e-6, err_msg=f"{options} {engine}")


rng = np.random.default_rng(0)
os.makedirs(os.path.join(FOLDER, "data"), exist_ok=True)
batches = [rng.normal(i, 1 + i, (2 + i % 2, 2, 4)).astype(np.float32) for i in range(len(TRIPS))]
for i, (x, trips) in enumerate(zip(batches, TRIPS)):
    np.savez(os.path.join(FOLDER, "data", f"{i}.npz"), x=x, trips=np.int64(trips), flag=np.array(True))

# Every iteration counts, those of all batches together.
joint = [observe(x.astype(np.float64), trips, moments) for x, trips in zip(batches, TRIPS)]
expect([], [moments(np.concatenate(sum((batch[layer] for batch in joint), []))) for layer in (0, 1)])

# In a loop a layer goes on with the statistics that it has while they are measured; the next one has the new ones.
old = [observe(x.astype(np.float64), trips, lambda state: (MEAN, VAR)) for x, trips in zip(batches, TRIPS)]
first = moments(np.concatenate(sum((batch[0] for batch in old), [])))
new = [observe(x.astype(np.float64), trips, lambda state: first) for x, trips in zip(batches, TRIPS)]
expect(["--mode=sequential"], [first, moments(np.concatenate(sum((batch[1] for batch in new), [])))])

# A moving average takes a batch once, with all its iterations, and one in which the layer did not run not at all.
averages = []
for layer in (0, 1):
    average = MEAN, VAR
    for batch in joint:
        if batch[layer]:
            average = [0.75 * a + 0.25 * b for a, b in zip(average, moments(np.concatenate(batch[layer])))]
    averages.append(average)
expect(["--momentum=0.75"], averages)
print("calibration in bodies is exact")
