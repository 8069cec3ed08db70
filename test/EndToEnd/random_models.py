# random_models.py - draws small models around BatchNormalization and holds bn against ONNX Runtime.
# SPDX-License-Identifier: Apache-2.0
"""Each case draws operator, rank, groups, bias, element type, opset, who else uses what, and parameters with scales of both
signs. Then it checks what must hold for any model:
  * the optimized model is valid ONNX, has no more nodes, and ONNX Runtime gives the answers of the original for it;
  * a BatchNormalization that the case knows to be foldable is gone;
  * `bn run` gives ONNX Runtime's answers, by interpreter and by compiled code.
usage: random_models.py --bn PATH [--cases N] [--seed S] [--keep DIR]"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

DTYPES = {"f32": np.float32, "f16": np.float16}
TOLERANCE = {"f32": 1e-4, "f16": 2e-2}


class Graph:
    """A model under construction: nodes and initializers, values named v0, v1, …"""

    def __init__(self, rng, dtype):
        self.rng, self.dtype = rng, dtype
        self.nodes, self.initializers = [], []

    def constant(self, array):
        name = f"w{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def normal(self, *shape):
        return self.constant(self.rng.standard_normal(shape).astype(self.dtype))

    def node(self, operator, inputs, **attributes):
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=f"{operator}_{len(self.nodes)}", **attributes))
        return output


def conv(graph, x, channels, spatial):
    """A convolution with drawn groups, kernel, strides, pads, dilations and bias; returns value and output channels."""
    rng = graph.rng
    group = int(rng.choice([g for g in (1, 2, 3, channels) if channels % g == 0]))
    filters = group * int(rng.integers(1, 5))
    kernel = [int(rng.integers(1, 4)) for _ in range(spatial)]
    weights = graph.normal(filters, channels // group, *kernel)
    inputs = [x, weights] + ([graph.normal(filters)] if rng.random() < 0.5 else [])
    attributes = {"group": group, "kernel_shape": kernel, "pads": [int(p) for p in rng.integers(0, 2, 2 * spatial)]}
    if rng.random() < 0.5:
        attributes["strides"] = [int(s) for s in rng.integers(1, 3, spatial)]
    if rng.random() < 0.3:
        attributes["dilations"] = [int(d) for d in rng.integers(1, 3, spatial)]
    return graph.node("Conv", inputs, **attributes), filters, weights


def gemm(graph, x, columns, opset):
    rng = graph.rng
    width, transposed = int(rng.integers(2, 7)), bool(rng.integers(0, 2))
    weights = graph.normal(*((width, columns) if transposed else (columns, width)))
    c = [[], [graph.normal(width)], [graph.normal(1, width)], [graph.normal(1)]][int(rng.integers(0 if opset >= 11 else 1, 4))]
    return graph.node("Gemm", [x, weights, *c], transB=int(transposed), alpha=float(rng.choice([1.0, 0.5])),
                      beta=float(rng.choice([1.0, 2.0]))), width, weights


def matmul(graph, x, columns):
    width = int(graph.rng.integers(2, 7))
    weights = graph.normal(columns, width)
    return graph.node("MatMul", [x, weights]), width, weights


def batch_norm(graph, x, channels):
    rng, dtype = graph.rng, graph.dtype
    parameters = [graph.constant((rng.standard_normal(channels) * s + o).astype(dtype)) for s, o in ((1, 0), (1, 0), (0.5, 0))]
    variance = graph.constant((rng.random(channels) + 0.3).astype(dtype))
    return graph.node("BatchNormalization", [x, *parameters, variance], epsilon=float(rng.choice([1e-5, 1e-3])))


def tail(graph, x, shape_rank, channels):
    """What follows the BatchNormalization: nothing, an activation, or a Caffe Scale (Mul, Add) and an activation."""
    choice = int(graph.rng.integers(0, 4))
    vector = (1, channels) + (1,) * (shape_rank - 2)
    if choice == 1:
        return graph.node("Relu", [x])
    if choice == 2:
        x = graph.node("Mul", [x, graph.normal(*vector[1:])])
        return graph.node("Add", [x, graph.normal(*vector)])
    if choice == 3:
        return graph.node("Sigmoid", [graph.node("Mul", [x, graph.constant(np.asarray(-0.7, graph.dtype))])])
    return x


def draw(rng):
    """One model, its input, and how many BatchNormalizations must be left (None where that depends)."""
    dtype_name = "f16" if rng.random() < 0.15 else "f32"
    graph = Graph(rng, DTYPES[dtype_name])
    opset = int(rng.choice([9, 11, 13, 14, 15, 17, 19, 21]))
    kind = rng.choice(["conv", "conv", "conv", "gemm", "matmul", "alone"])
    channels = int(rng.choice([1, 3, 4, 6, 17]))
    spatial = int(rng.integers(1, 4)) if kind in ("conv", "alone") else 0
    shape = [int(rng.integers(1, 4)), channels] + [int(rng.integers(5, 9)) for _ in range(spatial)]
    outputs, left = [], 0

    if kind == "conv":
        y, filters, weights = conv(graph, "x", channels, spatial)
    elif kind == "gemm":
        y, filters, weights = gemm(graph, "x", channels, opset)
    elif kind == "matmul":
        y, filters, weights = matmul(graph, "x", channels)
    else:
        y, filters, left = "x", channels, None

    usage = rng.choice(["plain", "plain", "plain", "second_user", "graph_output", "shared_weights"])
    if kind != "alone" and usage == "second_user":
        outputs.append(graph.node("Relu", [y]))
        left = None
    elif kind != "alone" and usage == "graph_output":
        outputs.append(y)
        left = None
    elif kind != "alone" and usage == "shared_weights":
        twin = onnx.NodeProto()
        twin.CopyFrom(graph.nodes[0])
        twin.name, twin.output[0] = "twin", "twin_out"
        graph.nodes.append(twin)
        outputs.append("twin_out")
    normalized = batch_norm(graph, y, filters)
    outputs.append(tail(graph, normalized, len(shape), filters))

    element = helper.np_dtype_to_tensor_dtype(np.dtype(graph.dtype))
    model = helper.make_model(
        helper.make_graph(graph.nodes, "random", [helper.make_tensor_value_info("x", element, ["N", *shape[1:]])],
                          [helper.make_tensor_value_info(o, element, [f"{o}_{i}" for i in range(len(shape))]) for o in outputs], graph.initializers),
        opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    label = f"{kind} {spatial}d {dtype_name} opset {opset} {usage}"
    return model, rng.standard_normal(shape).astype(graph.dtype), left, dtype_name, label


def answers(path, x):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).run(None, {"x": x})


def compare(what, expected, got, tolerance):
    for i, (e, g) in enumerate(zip(expected, got, strict=True)):
        e, g = np.asarray(e, np.float64), np.asarray(g, np.float64)
        if e.shape != g.shape:
            return f"{what}: output {i} has shape {g.shape}, expected {e.shape}"
        error = np.max(np.abs(e - g), initial=0.0)
        if not error <= tolerance * max(1.0, np.max(np.abs(e), initial=0.0)):
            return f"{what}: output {i} differs by {error:.3g}, largest expected {np.max(np.abs(e)):.3g}"
    return None


def bn_run(bn, engine, path, folder, outputs):
    out = folder / engine
    subprocess.run([bn, "run", path, f"--engine={engine}", "--input", f"x=@{folder / 'x.npy'}", "--output-dir", out],
                   check=True, capture_output=True)
    return [np.load(out / f"{name}.npy") for name in outputs]


def check(bn, folder, model, x, left, dtype_name):
    original, optimized = folder / "model.onnx", folder / "optimized.onnx"
    onnx.save(model, original)
    np.save(folder / "x.npy", x)
    expected, names, tolerance = answers(original, x), [o.name for o in model.graph.output], TOLERANCE[dtype_name]
    subprocess.run([bn, "optimize", original, "-o", optimized], check=True, capture_output=True)
    after = onnx.load(optimized)
    onnx.checker.check_model(after)
    if [o.name for o in after.graph.output] != names:
        return "the optimized model's outputs have other names"
    if len(after.graph.node) > len(model.graph.node):
        return f"{len(model.graph.node)} nodes became {len(after.graph.node)}"
    still = sum(n.op_type == "BatchNormalization" for n in after.graph.node)
    if left is not None and still != left:
        return f"{still} BatchNormalizations left, expected {left}"
    return (compare("optimized in ONNX Runtime", expected, answers(optimized, x), tolerance)
            or compare("interpreter", expected, bn_run(bn, "reference", original, folder, names), tolerance)
            or compare("compiled", expected, bn_run(bn, "jit", original, folder, names), tolerance))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bn", required=True)
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", help="folder for the models of failed cases")
    options = parser.parse_args()
    failed = 0
    for case in range(options.seed, options.seed + options.cases):
        model, x, left, dtype_name, label = draw(np.random.default_rng(case))
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(options.keep, str(case)) if options.keep else pathlib.Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                problem = check(options.bn, folder, model, x, left, dtype_name)
            except subprocess.CalledProcessError as error:
                problem = f"{' '.join(map(str, error.cmd[:4]))} exits with {error.returncode}: {error.stderr.decode().strip()}"
            except onnx.checker.ValidationError as error:
                problem = f"not valid ONNX: {error}"
        if problem:
            failed += 1
            print(f"case {case} ({label}): {problem}", file=sys.stderr)
    print(f"{options.cases - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
