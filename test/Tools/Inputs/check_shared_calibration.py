# check_shared_calibration.py - bn calibrate on layers that run several times, in a function and in a SequenceMap, against NumPy.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_shared_calibration.py CALLED.onnxtxt MAPPED.onnxtxt DATA      the program is bn
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

CALLED, MAPPED, DATA = sys.argv[1:]
x = np.load(os.path.join(DATA, "0.npz"))["x"].astype(np.float64)


def column(*values):
    return np.array(values, np.float64).reshape(2, 1)


def calibrated(model, *options):
    """The statistics that the model has afterwards, by name."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out.onnx")
        subprocess.run(["bn", "calibrate", model, "--data", DATA, "-o", path, "--quiet", *options], check=True)
        result = onnx.load(path)
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in result.graph.initializer}
    for function in result.functions:
        values.update({n.output[0]: onnx.numpy_helper.to_array(n.attribute[0].t) for n in function.node if n.op_type == "Constant"})
    return values


def check(values, mean, variance, seen):
    together = np.concatenate(seen, axis=2)
    np.testing.assert_allclose(values[mean], together.mean((0, 2)), rtol=1e-5)
    np.testing.assert_allclose(values[variance], together.var((0, 2)), rtol=1e-5)


def called(mean, variance):
    """What the function's layer sees in two calls, one behind the other, if these are its statistics; none: those of each call."""
    weights, seen, data = np.array([[1, 2], [3, 4]]), [], x
    for _ in range(2):
        data = np.einsum("oc,ncw->now", weights, data)
        seen.append(data)
        m, v = (mean, variance) if mean is not None else (data.mean((0, 2)).reshape(2, 1), data.var((0, 2)).reshape(2, 1))
        data = np.maximum((data - m) / np.sqrt(v) * column(4, -3) + column(1, 2), 0)
    return seen


for engine in ("--engine=jit", "--engine=reference"):
    check(calibrated(CALLED, engine), "mean", "variance", called(None, None))
    check(calibrated(CALLED, engine, "--mode=sequential"), "mean", "variance", called(column(1, 2), column(4, 9)))
    check(calibrated(MAPPED, engine), "m", "v", [x, x * x])
print("calibration of what runs several times is exact")
