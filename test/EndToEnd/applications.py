# applications.py - the models of published applications through bn run, against ONNX Runtime.
# SPDX-License-Identifier: Apache-2.0
#
# usage: applications.py BN MODELS [--bf16] [NAME...]
# MODELS is the folder that tools/setup fills, a folder per PyPI package. Every model below it runs on seeded inputs of
# each shape that its row names, and every output must be within 1e-4 of the largest number that ONNX Runtime answers, or within
# what its answers move by when it does not optimize, or when the inputs move by one rounding: some outputs are nothing but rounding,
# and models that round to 8 bits on the way jump where a number lies between two steps. A model without a row is an error, so that
# none is forgotten. With --bf16 bn multiplies bf16: the bound is a fiftieth, or four times what the answers of ONNX Runtime move by
# when only the weights and inputs are rounded to bf16.
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime

RATE16, RATE8 = np.array(16000, np.int64), np.array(8000, np.int64)

# model: its runs, each from input to a shape, or to a value
RUNS = {
    "nmp": [{"serving_default_input_2:0": (1, 43844, 1)}],
    "common": [{"input1": (1, 1, 64, 160)}, {"input1": (1, 1, 64, 96)}],
    "common_det": [{"images": (1, 3, 416, 416)}],
    "common_old": [{"input1": (1, 1, 64, 160)}],
    "320n": [{"images": (1, 3, 320, 320)}],
    "ch_PP-OCRv4_det_infer": [{"x": (1, 3, 160, 224)}, {"x": (1, 3, 96, 64)}],
    "ch_PP-OCRv4_rec_infer": [{"x": (1, 3, 48, 160)}, {"x": (2, 3, 48, 96)}],
    "ch_ppocr_mobile_v2.0_cls_infer": [{"x": (1, 3, 48, 192)}],
    "silero_vad": [{"input": (1, 576), "state": (2, 1, 128), "sr": RATE16}, {"input": (1, 288), "state": (2, 1, 128), "sr": RATE8}],
    "silero_vad_16k_op15": [{"input": (1, 576), "state": (2, 1, 128), "sr": RATE16}],
    "silero_vad_16k_sequence": [{"input": (3, 576), "h": (1, 1, 128), "c": (1, 1, 128)}],
    "silero_vad_half": [{"input": (1, 576), "state": (2, 1, 128)}],
    "silero_vad_op18_ifless": [
        {"input": (1, 576), "state": (2, 1, 128), "sr": RATE16},
        {"input": (1, 288), "state": (2, 1, 128), "sr": RATE8},
    ],
    "silero_vad_openvino_16k": [{"input": (1, 576), "state": (2, 1, 128)}],
}


def draw(inputs):
    generator = np.random.default_rng(0)
    return {name: generator.uniform(-1, 1, what).astype(np.float32) if isinstance(what, tuple) else what for name, what in inputs.items()}


def nudge(values):
    return {name: np.nextafter(v, np.float32(-np.inf)) if v.dtype == np.float32 else v for name, v in values.items()}


def round_to_bfloat(value):
    return ((value.view(np.uint32) + 0x8000) & 0xFFFF0000).view(np.float32) if value.dtype == np.float32 else value


def round_weights(model):
    """The model with its matrices and filters rounded to bf16."""
    proto = onnx.load(model)
    constants = [attribute.t for node in proto.graph.node if node.op_type == "Constant" for attribute in node.attribute]
    for tensor in [*proto.graph.initializer, *constants]:
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 1:
            tensor.CopyFrom(onnx.numpy_helper.from_array(round_to_bfloat(onnx.numpy_helper.to_array(tensor)), tensor.name))
    return proto.SerializeToString()


def run_bn(bn, model, inputs, folder, options):
    """The outputs by name, or what bn says."""
    command = [bn, "run", model, "--output-dir", folder, "--quiet", *options]
    for i, (name, value) in enumerate(inputs.items()):
        path = os.path.join(folder, f"in{i}.npy")
        np.save(path, value)
        command += ["--input", f"{name}=@{path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None, f"exit code {done.returncode}: {done.stderr.strip()}"
    return lambda name: np.load(os.path.join(folder, "".join(c if c.isalnum() or c in "-_." else "_" for c in name) + ".npy")), ""


def run_onnxruntime(model, values, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return names, session.run(names, values)


def distance(a, e):
    """The largest difference as a share of the largest number of `e`."""
    return np.abs(a.astype(np.float64) - e).max(initial=0) / max(np.abs(e).max(initial=0), 1e-30)


def check(bn, model, inputs, is_bfloat):
    """What is wrong with one run, or nothing, and a line about it."""
    values = draw(inputs)
    optimized, plain = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    names, expected = run_onnxruntime(model, values, optimized)
    if is_bfloat:
        least, factor, options = 2e-2, 4, ["--precision=bf16"]
        rounded = {name: round_to_bfloat(value) for name, value in values.items()}
        others = [run_onnxruntime(round_weights(model), rounded, optimized)[1]]
    else:
        least, factor, options = 1e-4, 1, []
        others = [run_onnxruntime(model, values, plain)[1], run_onnxruntime(model, nudge(values), optimized)[1]]
    with tempfile.TemporaryDirectory() as folder:
        start = time.time()
        actual, problem = run_bn(bn, model, values, folder, options)
        seconds = time.time() - start
        if problem:
            return problem, ""
        worst = 0.0
        for name, e, *moved in zip(names, expected, *others):
            a = actual(name)
            if a.shape != e.shape:
                return f"output '{name}': expected shape {e.shape}, got {a.shape}", ""
            difference = distance(a, e)
            if not difference <= max(least, *(factor * distance(other, e) for other in moved)):
                return f"output '{name}': differs by {difference:.2e} of the largest number", ""
            worst = max(worst, difference)
    return "", f"differs by {worst:.1e}, {seconds:.1f} s"


def main():
    bn, folder, wanted, failures = sys.argv[1], sys.argv[2], sys.argv[3:], 0
    is_bfloat = "--bf16" in wanted
    wanted = [name for name in wanted if name != "--bf16"]
    models = sorted(os.path.join(place, name) for place, _, files in os.walk(folder) for name in files if name.endswith(".onnx"))
    for model in models:
        name = os.path.splitext(os.path.basename(model))[0]
        if wanted and name not in wanted:
            continue
        for inputs in RUNS.get(name, [None]):
            problem, line = ("expected a row in RUNS", "") if inputs is None else check(bn, model, inputs, is_bfloat)
            failures += bool(problem)
            print(f"{name}: {'FAILED: ' + problem if problem else line}", flush=True)
    print(f"{len(models)} models, {failures} failures")
    return bool(failures or not models)


if __name__ == "__main__":
    sys.exit(main())
