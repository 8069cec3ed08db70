# check_layer_onnx.py - the ONNX that bn layer emits, run by ONNX Runtime, against the recordings of the layers.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_layer_onnx.py TRACES FOLDER      the program is bn
import os
import subprocess
import sys

import numpy as np
import onnx
import onnx.reference
import onnxruntime

TRACES, FOLDER = sys.argv[1:]


def emit(name, trace, state, *options):
    """The layer with a recorded state as ONNX."""
    weights, path = os.path.join(FOLDER, "weights.npz"), os.path.join(FOLDER, f"{name}.onnx")
    np.savez(weights, **{key.split("/")[1]: trace[key] for key in trace.files if key.startswith(state + "/")})
    directory = os.path.join(TRACES, name)
    subprocess.run(["bn", "layer", "--config", f"{directory}/config.json", "--input", f"{directory}/trace.npz:x0", "--weights", weights,
                    "--emit=onnx", "-o", path, *options], check=True)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    return path, " ".join(node.op_type for node in model.graph.node)


def expect(actual, expected):
    assert np.allclose(actual, expected.reshape(actual.shape), rtol=1e-4, atol=1e-4)


for name in ("nhwc", "nchw", "multi_axis13", "multi_axis", "no_scale", "ghost_renorm"):
    trace = np.load(os.path.join(TRACES, name, "trace.npz"))
    path, nodes = emit(name, trace, "state2")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    expect(session.run(None, {"x": trace["x_infer"]})[0], trace["y_infer"])
    expect(session.run(None, {"x": trace["x_infer"][:1]})[0], trace["y_infer"][:1])  # a batch of another size
    print(name, "inference", nodes)

for name in ("dense", "unfused"):
    trace = np.load(os.path.join(TRACES, name, "trace.npz"))
    path, nodes = emit(name, trace, "init", "--training")
    evaluator = onnx.reference.ReferenceEvaluator(path)  # which trains in every shape
    y, mean, variance = evaluator.run(None, {"x": trace["x0"]})
    expect(y, trace["y0"])
    expect(mean, trace["state0/moving_mean"])
    expect(variance, trace["state0/moving_variance"])
    print(name, "training", nodes)
