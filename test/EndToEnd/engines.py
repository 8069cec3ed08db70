# engines.py - runs models: in ONNX Runtime, in bn's interpreter, in bn's compiled code.
# SPDX-License-Identifier: Apache-2.0

import json
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

onnxruntime.set_default_logger_severity(4)


class Crash(Exception):
    """The server died."""


class Refusal(Exception):
    """bn declines a model, with its exit code and message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Server:
    """A process that runs bn's verbs; a new one where it crashes."""

    def __init__(self, program):
        shared = pathlib.Path("/dev/shm")
        self.program, self.process = program, None
        self.temporary = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)
        self.folder = pathlib.Path(self.temporary.name)

    def ask(self, *words):
        if self.process is None:
            self.errors = open(self.folder / "stderr", "w+")
            self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.errors.seek(0)
        self.errors.truncate()
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        self.errors.seek(0)
        message = self.errors.read().strip()
        if not answer:
            self.process.wait()
            self.process = None
            raise Crash(f"bn {words[0]} crashes: {message[-2000:]}")
        if answer != "0":
            raise Refusal(int(answer), f"bn {words[0]} answers {answer}: {message}")

    def optimize(self, model):
        """The optimized model and the report."""
        before, after, report = (self.folder / name for name in ("before.onnx", "after.onnx", "report.json"))
        onnx.save(model, before)
        self.ask("optimize", before, after, report)
        return onnx.load(after), json.loads(report.read_text())

    def run(self, engine, model, inputs):
        path = self.folder / "model.onnx"
        onnx.save(model, path)
        words = []
        for name, array in inputs.items():
            file = self.folder / f"{name}.pb"
            file.write_bytes(numpy_helper.from_array(array).SerializeToString())
            words.append(f"{name}=@{file}")
        self.ask("run", engine, path, self.folder / "out", *words)
        return [np.load(self.folder / "out" / f"{output.name}.npy").astype(np.float64) for output in model.graph.output]


def make_session(model, level=onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL, saved=None):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.intra_op_num_threads = 1
    if saved:
        options.optimized_model_filepath = str(saved)
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run_onnxruntime(model, inputs):
    """The outputs; None where ONNX Runtime has no kernel for an operator or type of the model, or fails on it."""
    try:
        return [np.asarray(output, np.float64) for output in make_session(model).run(None, inputs)]
    except Exception as error:  # its exceptions have no base of their own
        # it loses Casts that an If reads, and believes ONNX's shape inference, which gives a part of an open dimension the same name
        missing = ("NOT_IMPLEMENTED", "Could not find an implementation", "Missing Input", "attempting to re-use buffer")
        if any(message in str(error) for message in missing) or "NotImplemented" in type(error).__name__:
            return None
        raise


def run_stepwise(model, inputs):
    """The outputs when each value is rounded to its own type: ONNX Runtime computes neighbours of half precision in single
    precision as one, unless what lies between them is an output, too."""
    outputs, exposed = [output.name for output in model.graph.output], onnx.ModelProto()
    exposed.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output if name and name not in outputs]
    exposed.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    return [np.asarray(output, np.float64) for output in make_session(exposed).run(outputs, inputs)]


def optimize_in_onnxruntime(model, folder):
    """The model that ONNX Runtime's basic level saves; None where it fails on a model that it runs."""
    try:
        make_session(model, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC, folder / "peer.onnx")
    except Exception:  # its exceptions have no base of their own
        return None
    return onnx.load(folder / "peer.onnx")
