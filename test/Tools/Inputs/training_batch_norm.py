# training_batch_norm.py - BatchNormalizations in training mode, of every version and arity, through bn's engines and ONNX Runtime.
# SPDX-License-Identifier: Apache-2.0
#
# usage: training_batch_norm.py FOLDER     (bn is on the path)
# Each model runs in machine code and in the interpreter; both must give what the formula does, and so must ONNX Runtime where it
# knows the version. Its copies of shared initializers are why one model uses one initializer as scale and variance.
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FLOATS = {"f32": (TensorProto.FLOAT, np.float32), "f16": (TensorProto.FLOAT16, np.float16), "f64": (TensorProto.DOUBLE, np.float64)}
MOMENTUM, EPSILON = np.float64(np.float32(0.9)), np.float64(np.float32(1e-5))

# version, input shape, element types of X, of scale and B, of mean and var, number of outputs, attributes, names of the parameters
CASES = [
    (1, (2, 3, 5, 7), "f32 f32 f32", 5, {"is_test": 0, "consumed_inputs": [0, 0, 0, 1, 1]}),
    (6, (2, 3, 5), "f32 f32 f32", 5, {"is_test": 0}),
    (6, (4, 3, 5), "f64 f64 f64", 3, {"is_test": 0, "spatial": 0}),
    (7, (2, 3, 5, 7), "f32 f32 f32", 5, {}),
    (7, (4, 3, 5), "f32 f32 f32", 5, {"spatial": 0}),
    (9, (2, 3, 5, 7), "f32 f32 f32", 5, {}),
    (9, (6, 3), "f64 f64 f64", 3, {}),
    (14, (2, 3, 5, 7), "f32 f32 f32", 3, {"training_mode": 1}),
    (14, (2, 3, 5, 7), "f32 f32 f64", 3, {"training_mode": 1}),
    (14, (2, 3, 5, 7), "f32 f32 f32", 1, {"training_mode": 1}),
    (15, (6, 3), "f32 f32 f32", 3, {"training_mode": 1}),
    (15, (2, 3, 5, 7), "f16 f32 f32", 3, {"training_mode": 1}),
    (15, (2, 3, 5), "f16 f16 f64", 3, {"training_mode": 1}),
    (15, (2, 3, 5), "f32 f32 f32", 3, {"training_mode": 1, "shared": True}),
]


def build(version, shape, types, outputs, attributes):
    x, p, s = (FLOATS[word] for word in types.split())
    attributes = dict(attributes)
    spatial, shared = attributes.get("spatial", 1), attributes.pop("shared", False)
    parameter = (shape[1],) if spatial else shape[1:]
    rng = np.random.default_rng(len(shape) * 100 + version)
    values = {"scale": p, "B": p, "mean": s, "var": s}
    values = {name: (rng.random(parameter) + 0.5).astype(kind[1]) for name, kind in values.items()}
    names = list(values)
    if shared:
        values["mean"], values["var"] = values["B"], values["scale"]
        names = ["scale", "B", "B", "scale"]
    results = ["Y", "new_mean", "new_var", "saved_mean", "saved_var"][:outputs]
    node = helper.make_node("BatchNormalization", ["X", *names], results, epsilon=1e-5, momentum=0.9, **attributes)
    result_types = {"Y": x[0], "new_mean": s[0], "new_var": s[0], "saved_mean": x[0], "saved_var": x[0]}
    result_shapes = {name: shape if name == "Y" else parameter for name in results}
    graph = helper.make_graph(
        [node], "training", [helper.make_tensor_value_info("X", x[0], shape)],
        [helper.make_tensor_value_info(name, result_types[name], result_shapes[name]) for name in results],
        [numpy_helper.from_array(values[name], name) for name in dict.fromkeys(names)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)])
    model.ir_version = 3 if version < 7 else 8
    data = (rng.random(shape) * 4 - 1).astype(x[1])
    return model, data, values, results, (0,) if not spatial else (0, *range(2, len(shape)))


def formula(data, values, axes):
    x = data.astype(np.float64)
    mean, var = x.mean(axes), x.var(axes)
    aligned = lambda v: np.asarray(v, np.float64).reshape([1 if i in axes else n for i, n in enumerate(x.shape)])
    y = (x - aligned(mean)) / np.sqrt(aligned(var) + EPSILON) * aligned(values["scale"]) + aligned(values["B"])
    follow = lambda old, batch: old.astype(np.float64) * MOMENTUM + batch * (1 - MOMENTUM)
    return {"Y": y, "new_mean": follow(values["mean"], mean), "new_var": follow(values["var"], var), "saved_mean": mean,
            "saved_var": 1 / np.sqrt(var + EPSILON)}


def check(got, expected, case, engine):
    for name, value in got.items():
        tolerance = 2e-3 if value.dtype == np.float16 else 2e-5
        assert value.shape == expected[name].shape, (case, engine, name, value.shape)
        assert np.allclose(value.astype(np.float64), expected[name], rtol=tolerance, atol=tolerance), (case, engine, name)


def main():
    folder, peers = sys.argv[1], 0
    os.makedirs(folder, exist_ok=True)
    for number, case in enumerate(CASES):
        model, data, values, results, axes = build(*case)
        path, source = f"{folder}/{number}.onnx", f"{folder}/{number}.npy"
        onnx.save(model, path)
        np.save(source, data)
        expected = formula(data, values, axes)
        for engine in ("jit", "reference"):
            outputs = {name: f"{folder}/{number}-{engine}-{name}.npy" for name in results}
            command = ["bn", "run", path, f"--engine={engine}", "--quiet", "--input", f"X=@{source}"]
            subprocess.run(command + [word for name, file in outputs.items() for word in ("--output", f"{name}=@{file}")], check=True)
            check({name: np.load(file) for name, file in outputs.items()}, expected, case, engine)
        try:
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            peer = session.run(None, {"X": data})
        except Exception:  # it knows few versions and types in training mode
            continue
        if not case[4].get("shared"):  # there it writes over the scale before it has read it
            check(dict(zip(results, peer)), expected, case, "onnxruntime")
            peers += 1
    assert peers >= 1, "ONNX Runtime ran nothing"
    print(f"{len(CASES)} models agree with the formula, {peers} with ONNX Runtime")


main()
