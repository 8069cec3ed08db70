# engines.py - the engines that latency.py compares: each in a process of its own that measures a few runs when asked.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

WARMUP, RUNS = 2, 4
PEERS = ("onnxruntime", "openvino", "mnn")


class Peer:
    """An engine from PyPI, in a child process that sleeps between its turns."""

    def __init__(self, engine, model, threads):
        command = [sys.executable, __file__, engine, str(model), str(threads)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if "ready\n" not in self.child.stdout:  # which reads up to that line: some engines greet first
            raise RuntimeError(f"{engine} does not run {model}")

    def measure(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def close(self):
        self.child.stdin.close()
        self.child.wait()


class Bn:
    """The program under test; its compiled code comes from the cache after the first turn."""

    def __init__(self, program, model, threads):
        options = ["--threads", str(threads), "--warmup", str(WARMUP), "--iterations", str(RUNS), "--quiet", "--json", "-"]
        self.command = [str(program), "bench", str(model), *options]
        self.threads = threads

    def measure(self):
        return json.loads(subprocess.run(self.command, stdout=subprocess.PIPE, check=True, preexec_fn=lambda: pin(self.threads)).stdout)["times_ms"]

    def close(self):
        pass


def pin(threads):
    """Keeps a single thread on one core, so that no engine profits from moving."""
    if threads == 1:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def prepare(engine, model, threads):
    """A function that runs the model once."""
    import numpy
    import onnx
    graph = onnx.load(model, load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    value = next(value for value in graph.input if value.name not in constants)
    shape = [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]
    data = numpy.random.default_rng(0).standard_normal(shape).astype(numpy.float32)
    if engine == "onnxruntime":
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {value.name: data})
    if engine == "openvino":
        import openvino
        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
        tensor = openvino.Tensor(data)
        return lambda: request.infer([tensor], share_inputs=True, share_outputs=True)
    import MNN
    with tempfile.TemporaryDirectory() as folder:
        converted = os.path.join(folder, "model.mnn")
        converter = pathlib.Path(sys.executable).with_name("mnnconvert")
        subprocess.run([converter, "-f", "ONNX", "--modelFile", model, "--MNNModel", converted, "--bizCode", "bn"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        interpreter = MNN.Interpreter(converted)
    session = interpreter.createSession({"numThread": threads, "precision": "high", "backend": "CPU"})
    interpreter.getSessionInput(session).copyFrom(MNN.Tensor(tuple(shape), MNN.Halide_Type_Float, data, MNN.Tensor_DimensionType_Caffe))
    return lambda: interpreter.runSession(session)


def serve(engine, model, threads):
    pin(threads)
    run = prepare(engine, model, threads)
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        times = []
        for _ in range(WARMUP + RUNS):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps(times[WARMUP:]), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
