# operators.py - how fast single operators are, compiled by bn, beside ONNX Runtime, in one run.
# SPDX-License-Identifier: Apache-2.0
#
# usage: operators.py BN [--threads 1 2] [--rounds 30] [--only SUBSTRING]     (with the Python of tools/setup)
# Every model is one node with constant weights, compiled to a library that is called in this process. Rounds time both sides in
# turn with buffers that stay; the table has the minima, and in its last column bn's time over ONNX Runtime's.
import argparse
import ctypes
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper, save

RNG = np.random.default_rng(0)
OPSET, IR_VERSION = 18, 8


def weights(*shape):
    return (RNG.standard_normal(shape) * 0.1).astype(np.float32)


def conv(x, filters, kernel, stride=1, group=1):
    pad = kernel // 2
    return ("Conv", [x], [weights(filters, x[1] // group, kernel, kernel), weights(filters)],
            {"strides": [stride] * 2, "pads": [pad] * 4, "group": group, "kernel_shape": [kernel] * 2})


AXES = np.asarray([-1], np.int64)
CASES = {
    "conv 3×3, 64, 56×56": conv((1, 64, 56, 56), 64, 3), "conv 3×3, 256, 14×14": conv((1, 256, 14, 14), 256, 3),
    "conv 1×1, 64 to 256, 56×56": conv((1, 64, 56, 56), 256, 1), "conv 1×1, 512, 14×14": conv((1, 512, 14, 14), 512, 1),
    "conv 3×3 by 2, 128, 56×56": conv((1, 128, 56, 56), 128, 3, 2), "conv 7×7 by 2, 3 to 64, 224×224": conv((1, 3, 224, 224), 64, 7, 2),
    "depthwise 3×3, 96, 112×112": conv((1, 96, 112, 112), 96, 3, 1, 96), "depthwise 5×5, 240, 28×28": conv((1, 240, 28, 28), 240, 5, 1, 240),
    "matmul 128×768 · 768×3072": ("MatMul", [(128, 768)], [weights(768, 3072)], {}),
    "matmul 512×512 · 512×512, both inputs": ("MatMul", [(512, 512), (512, 512)], [], {}),
    "matmul 12 × 128×64 · 64×128": ("MatMul", [(12, 128, 64), (12, 64, 128)], [], {}), "matmul 1×1024 · 1024×1024": ("MatMul", [(1, 1024)], [weights(1024, 1024)], {}),
    "gemm 64×1024 · 1024×1000": ("Gemm", [(64, 1024)], [weights(1024, 1000), weights(1000)], {}),
    "add 1M": ("Add", [(1, 64, 128, 128), (1, 64, 128, 128)], [], {}), "add channels 1M": ("Add", [(1, 64, 128, 128)], [weights(64, 1, 1)], {}),
    "relu 1M": ("Relu", [(1, 64, 128, 128)], [], {}), "sigmoid 1M": ("Sigmoid", [(1, 64, 128, 128)], [], {}), "tanh 1M": ("Tanh", [(1, 64, 128, 128)], [], {}),
    "exp 1M": ("Exp", [(1, 64, 128, 128)], [], {}), "erf 1M": ("Erf", [(1, 64, 128, 128)], [], {}), "pow 2.5 1M": ("Pow", [(1, 64, 128, 128)], [np.asarray(2.5, np.float32)], {}),
    "sum of rows 1024×1024": ("ReduceSum", [(1024, 1024)], [AXES], {}), "mean of images 64×128×128": ("ReduceMean", [(1, 64, 128, 128)], [np.asarray([2, 3], np.int64)], {}),
    "max of columns 1024×1024": ("ReduceMax", [(1024, 1024)], [np.asarray([0], np.int64)], {}), "argmax of rows 1024×1024": ("ArgMax", [(1024, 1024)], [], {"axis": 1}),
    "softmax 1024×1024": ("Softmax", [(1024, 1024)], [], {"axis": -1}), "softmax 64×1000": ("Softmax", [(64, 1000)], [], {"axis": -1}),
    "layer norm 128×768": ("LayerNormalization", [(128, 768)], [weights(768), weights(768)], {"axis": -1}),
    "layer norm 1024×1024": ("LayerNormalization", [(1024, 1024)], [weights(1024), weights(1024)], {"axis": -1}),
    "instance norm 64×128×128": ("InstanceNormalization", [(1, 64, 128, 128)], [weights(64), weights(64)], {}),
    "max pool 3×3 by 2, 64, 112×112": ("MaxPool", [(1, 64, 112, 112)], [], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4}),
    "average pool 56×56, 256": ("GlobalAveragePool", [(1, 256, 56, 56)], [], {}),
    "transpose 12×128×64": ("Transpose", [(12, 128, 64)], [], {"perm": [1, 0, 2]}), "transpose 1024×1024": ("Transpose", [(1024, 1024)], [], {}),
    "concat 2 × 1M": ("Concat", [(1, 64, 128, 128), (1, 64, 128, 128)], [], {"axis": 1}), "slice every 2nd of 1M": (
        "Slice", [(1, 64, 128, 128)], [np.asarray([0], np.int64), np.asarray([128], np.int64), np.asarray([3], np.int64), np.asarray([2], np.int64)], {}),
    "gather 512 of 30000×768": ("Gather", [(30000, 768)], [RNG.integers(0, 30000, 512)], {}),
    "resize linear by 2, 64×56×56": ("Resize", [(1, 64, 56, 56)], ["", np.asarray([1, 1, 2, 2], np.float32)], {"mode": "linear"}),
    "resize nearest by 2, 64×56×56": ("Resize", [(1, 64, 56, 56)], ["", np.asarray([1, 1, 2, 2], np.float32)], {"mode": "nearest"}),
    "cumsum 1024×1024": ("CumSum", [(1024, 1024)], [np.asarray(1, np.int64)], {}), "top 5 of 64×1000": ("TopK", [(64, 1000)], [np.asarray([5], np.int64)], {}, 2),
    "lstm 32×1×128, 256": ("LSTM", [(32, 1, 128)], [weights(1, 1024, 128), weights(1, 1024, 256), weights(1, 2048)], {"hidden_size": 256}),
}


def make_model(operator, inputs, constants, attributes, outputs=1):
    names, initializers = [f"x{i}" for i in range(len(inputs))], []
    for i, constant in enumerate(constants):
        names.append("" if isinstance(constant, str) else f"c{i}")
        if names[-1]:
            initializers.append(numpy_helper.from_array(constant, names[-1]))
    node = helper.make_node(operator, names, [f"y{i}" for i in range(outputs)], **attributes)
    infos = [helper.make_tensor_value_info(f"x{i}", 1, shape) for i, shape in enumerate(inputs)]
    results = [helper.make_empty_tensor_value_info(f"y{i}") for i in range(outputs)]
    return helper.make_model(helper.make_graph([node], "g", infos, results, initializers), opset_imports=[helper.make_opsetid("", OPSET)],
                             ir_version=IR_VERSION)


def addresses(arrays):
    return (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])


class Peer:
    """ONNX Runtime with bound buffers; its answers are those to expect."""

    def __init__(self, path, arrays, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.outputs = self.session.run(None, {f"x{i}": array for i, array in enumerate(arrays)})
        self.binding = self.session.io_binding()
        for i, array in enumerate(arrays):
            self.binding.bind_cpu_input(f"x{i}", array)
        for i, array in enumerate(self.outputs):
            self.binding.bind_output(f"y{i}", "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def run(self):
        self.session.run_with_iobinding(self.binding)


class Compiled:
    """The library that bn makes of the model."""

    def __init__(self, program, path, arrays, outputs, threads):
        library = path.with_name(f"lib{path.stem}.so")
        subprocess.run([program, "compile", path, "-o", library, "--quiet"], check=True)
        code = ctypes.CDLL(str(library))
        create, self.call = getattr(code, f"{path.stem}_create"), getattr(code, f"{path.stem}_run")
        create.restype = ctypes.c_void_p
        self.session, self.outputs = ctypes.c_void_p(create(threads)), [np.empty_like(output) for output in outputs]
        self.buffers = addresses(arrays), addresses(self.outputs)

    def run(self):
        self.call(self.session, *self.buffers)


def timed(run):
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def measure(program, folder, number, case, threads, rounds):
    path = pathlib.Path(folder, f"case{number}_{threads}.onnx")
    save(make_model(*case), path)
    arrays = [RNG.random(shape, np.float32) for shape in case[1]]
    peer = Peer(path, arrays, threads)
    try:
        ours = Compiled(program, path, arrays, peer.outputs, threads)
    except subprocess.CalledProcessError:
        return None
    ours.run()
    for got, expected in zip(ours.outputs, peer.outputs):
        np.testing.assert_allclose(got, expected, 1e-3, 1e-3)
    times = []
    for _ in range(rounds):
        time.sleep(0.002)  # the other side's workers stop spinning
        own = min(timed(ours.run) for _ in range(3))
        time.sleep(0.002)
        times.append((own, min(timed(peer.run) for _ in range(3))))
    return [min(column) for column in zip(*times)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bn")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print("| operator | threads | bn ms | ONNX Runtime ms | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, case) in enumerate(CASES.items()):
            for threads in options.threads if options.only in name else ():
                times = measure(options.bn, folder, number, case, threads, options.rounds)
                row = "not compiled: the interpreter runs it | | |" if times is None else f"{times[0]:.4f} | {times[1]:.4f} | {times[0] / times[1]:.2f} |"
                print(f"| {name} | {threads} | {row}", flush=True)


if __name__ == "__main__":
    main()
