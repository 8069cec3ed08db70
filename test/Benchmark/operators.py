# operators.py - how fast single operators are, run by bn, beside ONNX Runtime, in one run.
# SPDX-License-Identifier: Apache-2.0
#
# usage: operators.py BN [--threads 1 2] [--rounds 30] [--only SUBSTRING]     (with the Python of tools/setup)
# Every model is one node of operator_cases.py, compiled to a library that is called in this process. Rounds time both sides in
# turn with buffers that stay; the table has the minima, and in its last column bn's time over ONNX Runtime's. What no library can
# do, because the size of a result depends on data, `bn bench` measures: its rows end with "host". The worst ten come last.
import argparse
import ctypes
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper, save

from operator_cases import CASES, RNG

IR_VERSION = 10
HOST_SECONDS = "0.3"


def make_model(operator, inputs, constants, attributes, outputs, opset):
    names, initializers, infos = [f"x{i}" for i in range(len(inputs))], [], []
    for i, constant in enumerate(constants):
        names.append("" if isinstance(constant, str) else f"c{i}")
        if names[-1]:
            initializers.append(numpy_helper.from_array(np.asarray(constant), names[-1]))
    for i, value in enumerate(inputs):
        infos.append(helper.make_tensor_value_info(f"x{i}", helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
    node = helper.make_node(operator, names, [f"y{i}" for i in range(outputs)], **attributes)
    results = [helper.make_empty_tensor_value_info(f"y{i}") for i in range(outputs)]
    return helper.make_model(helper.make_graph([node], "g", infos, results, initializers), opset_imports=[helper.make_opsetid("", opset)],
                             ir_version=IR_VERSION)


def addresses(arrays):
    return (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])


class Peer:
    """ONNX Runtime with bound buffers; its answers are those to expect."""

    def __init__(self, path, arrays, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 4
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
        subprocess.run([program, "compile", path, "-o", library, "--quiet"], check=True, stderr=subprocess.DEVNULL)
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


def check(got, expected):
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(got, expected, 1e-3, 1e-3)
    else:
        assert np.mean(got != expected) < 1e-3  # a quantized result may be rounded the other way


def take_turns(ours, peer, rounds):
    times = []
    for _ in range(rounds):
        time.sleep(0.002)  # the other side's workers stop spinning
        own = min(timed(ours.run) for _ in range(3))
        time.sleep(0.002)
        times.append((own, min(timed(peer.run) for _ in range(3))))
    return [min(column) for column in zip(*times)]


def bench(program, path, arrays, peer, threads):
    """The times of a model that no library can hold."""
    feeds, results = [], []
    for names, flag, values in ((feeds, "--input", arrays), (results, "--expected", peer.outputs)):
        for i, array in enumerate(values):
            file = path.with_name(f"{path.stem}_{flag[2:]}{i}.npy")
            np.save(file, array)
            names += [flag, f"{'xy'[flag == '--expected']}{i}=@{file}"]
    subprocess.run([program, "run", path, *feeds, *results, "--quiet", "--rtol", "1e-3", "--atol", "1e-3"], check=True)
    command = [program, "bench", path, *feeds, "--threads", str(threads), "--duration", HOST_SECONDS, "--quiet", "--json", "-"]
    own = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["min_ms"]
    return own, min(timed(peer.run) for _ in range(30))


def measure(program, folder, number, case, threads, rounds):
    """bn's time, ONNX Runtime's, and whether the host did it."""
    path = pathlib.Path(folder, f"case{number}_{threads}.onnx")
    operator, inputs, *rest = case
    arrays = [np.ascontiguousarray(RNG.random(value, np.float32) if isinstance(value, tuple) else value) for value in inputs]
    save(make_model(operator, arrays, *rest), path)
    peer = Peer(path, arrays, threads)
    try:
        ours = Compiled(program, path, arrays, peer.outputs, threads)
    except subprocess.CalledProcessError:
        return *bench(program, path, arrays, peer, threads), True
    ours.run()
    for got, expected in zip(ours.outputs, peer.outputs):
        check(got, expected)
    return *take_turns(ours, peer, rounds), False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bn")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    header, rows = "| operator | threads | bn ms | ONNX Runtime ms | ratio | |\n|---|---|---|---|---|---|", []
    print(header)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, case) in enumerate(CASES.items()):
            for threads in options.threads if options.only in name else ():
                try:
                    own, peer, is_hosted = measure(options.bn, folder, number, case, threads, options.rounds)
                except (AssertionError, RuntimeError, subprocess.CalledProcessError) as error:
                    print(f"| {name} | {threads} | not compared: {str(error).strip().splitlines()[0]} | | | |", flush=True)
                    continue
                rows.append((own / peer, f"| {name} | {threads} | {own:.4f} | {peer:.4f} | {own / peer:.2f} | {'host' if is_hosted else ''} |"))
                print(rows[-1][1], flush=True)
    print(f"\nthe worst ten of {len(rows)}\n\n{header}")
    print("\n".join(row for _, row in sorted(rows, reverse=True)[:10]))


if __name__ == "__main__":
    main()
