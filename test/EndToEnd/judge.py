# judge.py - what must hold for a model and its optimized form.
# SPDX-License-Identifier: Apache-2.0
"""Numbers are judged against the original evaluated in double: the optimized model may be wrong by twice what the original
is itself, or by twice what the original becomes when its constants and values move by a unit in their last place."""

import ml_dtypes
import numpy as np
import onnx
from onnx import numpy_helper

from engines import Crash, Refusal, run_onnxruntime, run_stepwise
from precision import follow_values, round_values, to_double

LINEAR = ("Conv", "ConvTranspose", "Gemm", "MatMul")
PERTURBATIONS = 64
UNSUPPORTED = 5  # bn's exit code
ENGINE_TOLERANCE = 1e4  # units in the last place
FLOOR = 4  # units in the last place of the largest element
DEVIATIONS = 3  # of a sum's error, in the standard deviation of a uniform rounding's walk
FLOOR_DOUBLE = 64  # for doubles, where the truth rounds as well


class Problem(Exception):
    """What is wrong; `kind` is the same for the same defect while a case shrinks."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def all_nodes(model):
    """The nodes of all scopes."""
    pending = [model.graph, *model.functions]
    while pending:
        for node in pending.pop().node:
            yield node
            pending += [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def count(model, *operators):
    return sum(node.op_type in operators for node in all_nodes(model))


def true_inputs(model):
    """Without those that are initializers, as old files list them."""
    names = {tensor.name for tensor in model.graph.initializer}
    return [info for info in model.graph.input if info.name not in names]


def check_shape(before, after):
    """Valid, with the same border, and not larger in any way."""
    try:
        onnx.checker.check_model(after, full_check=True)
    except Exception as error:  # the checker and shape inference have their own each
        raise Problem("invalid", f"not valid ONNX: {error}") from None
    if true_inputs(before) != true_inputs(after) or list(before.graph.output) != list(after.graph.output):
        raise Problem("border", "the graph's inputs or outputs changed")
    sizes = [("nodes", len([*all_nodes(before)]), len([*all_nodes(after)])), ("bytes", before.ByteSize(), after.ByteSize()),
             ("linear nodes", count(before, *LINEAR), count(after, *LINEAR)),
             ("BatchNormalizations", count(before, "BatchNormalization"), count(after, "BatchNormalization"))]
    for what, old, new in sizes:
        if new > old:
            raise Problem(what, f"{old} {what} became {new}")


def check_report(before, after, report):
    """Every BatchNormalization has one record, which says what happened to it."""
    norms = lambda model: sorted(node.name for node in all_nodes(model) if node.op_type == "BatchNormalization")
    records = sorted(record["node"] for record in report["batchnorms"])
    if records != norms(before):
        raise Problem("report", f"the report tells of {records}, the model has {norms(before)}")
    for record in report["batchnorms"]:
        kept = record["decision"] == "kept"
        if kept != (record["node"] in norms(after)) or kept != bool(record["reason"]):
            raise Problem("report", f"'{record['node']}' is said to be {record['decision']}, reason '{record['reason']}'")
    if any(bool(record["into"]) == bool(record["reason"]) for record in report["branches"]):
        raise Problem("report", f"a branch is neither merged nor kept for a reason: {report['branches']}")


def error_of(numbers, truth, finite):
    return float(np.max(np.abs(numbers[finite] - truth[finite]), initial=0.0))


def neighbour(array, rng):
    """Each number, or one of its two neighbours; zeros stay."""
    with np.errstate(over="ignore"):
        near = np.nextafter(array, (np.where(rng.random(array.shape) < 0.5, -1, 1) * np.inf).astype(array.dtype))
    return (np.where(rng.random(array.shape) < 0.5, near, array) * (array != 0)).astype(array.dtype)


def perturb(case, rng):
    """The model with each constant moved by a unit in its last place or not at all, and each value as well by a factor; behind a
    rounding to a coarse grid values stay, for it may tip over."""
    moved = onnx.ModelProto()
    moved.CopyFrom(case.model)
    for tensor in [*moved.graph.initializer, *(a.t for n in moved.graph.node for a in n.attribute if n.op_type == "Constant")]:
        array = numpy_helper.to_array(tensor)
        if array.dtype.kind == "f" or array.dtype == ml_dtypes.bfloat16:
            tensor.CopyFrom(numpy_helper.from_array(neighbour(array, rng), tensor.name))
    if case.quantized:
        return moved
    old = {"broadcast": 1} if case.model.opset_import[0].version < 7 else {}

    def scale(unmoved, name, element):
        factor = neighbour(np.ones((), onnx.helper.tensor_dtype_to_np_dtype(element)), rng)
        moved.graph.initializer.append(numpy_helper.from_array(factor, f"{name}_factor"))
        return [onnx.helper.make_node("Mul", [unmoved, f"{name}_factor"], [name], **old)]

    scaled = follow_values(moved, [onnx.helper.np_dtype_to_tensor_dtype(np.dtype(case.dtype))], "_unmoved", scale)
    scaled.graph.initializer.extend(moved.graph.initializer[len(scaled.graph.initializer):])
    return scaled


class Judge:
    """Holds one server and what it learns about its cases."""

    def __init__(self, server):
        self.server, self.by_interpreter = server, False

    def run(self, model, inputs):
        """In ONNX Runtime, or where that has no kernel for the original, in the interpreter."""
        return self.server.run("reference", round_values(model), inputs) if self.by_interpreter else run_onnxruntime(model, inputs)

    def natural_errors(self, case, truth, finite, rng):
        """The largest error of each output over perturbed originals."""
        errors = [0.0] * len(truth)
        for _ in range(PERTURBATIONS):
            outputs = self.run(perturb(case, rng), case.inputs)
            errors = [max(e, error_of(o, t, f & np.isfinite(o))) for e, o, t, f in zip(errors, outputs, truth, finite)]
        return errors

    def compare(self, case, after):
        model, inputs = case.model, case.inputs
        wide = {name: array.astype(np.float64) if array.dtype == case.dtype else array for name, array in inputs.items()}
        truth = self.server.run("reference", to_double(model), wide)
        self.by_interpreter = case.aborts_peer or run_onnxruntime(model, inputs) is None
        expected, got = self.run(model, inputs), self.run(after, inputs)
        finite = [np.isfinite(e) & np.isfinite(t) for e, t in zip(expected, truth)]
        # a sum of n numbers takes n roundings, which walk at random; other weights make it another walk
        walk = DEVIATIONS * (case.summed / 12) ** 0.5
        epsilon = max(FLOOR_DOUBLE if case.dtype == np.float64 else FLOOR, walk) * float(ml_dtypes.finfo(case.dtype).eps)
        natural = None
        for i, (e, g, t, f) in enumerate(zip(expected, got, truth, finite)):
            name = model.graph.output[i].name
            if g.shape != e.shape:
                raise Problem("shape", f"output '{name}' has shape {g.shape}, expected {e.shape}")
            edge = np.abs(t) > float(ml_dtypes.finfo(case.dtype).max) * (1 - epsilon)  # the next number may be infinite
            introduced = f & ~np.isfinite(g) & ~edge
            f &= np.isfinite(g) | introduced
            if np.any(introduced) and not self.by_interpreter:
                introduced &= np.isfinite(run_stepwise(model, inputs)[i])
                f &= np.isfinite(g) | introduced
            if np.any(introduced):
                raise Problem("finite", f"output '{name}' has {np.sum(introduced)} numbers that were finite before")
            lost = ~np.isfinite(t) & ~np.isfinite(e) & np.isfinite(g)
            # ONNX Runtime's MaxPool makes a finite number of -inf, so the interpreter has to agree
            if np.any(lost) and np.any(lost & np.isfinite(self.server.run("reference", after, inputs)[i])):
                raise Problem("finite", f"output '{name}' has finite numbers that were not finite before")
            own, new, floor = error_of(e, t, f), error_of(g, t, f), epsilon * float(np.max(np.abs(t[f]), initial=0.0))
            if new <= max(2 * own, floor):
                continue
            natural = natural or self.natural_errors(case, truth, finite, np.random.default_rng(0))
            if new > 2 * natural[i]:
                raise Problem("numbers", f"output '{name}' is wrong by {new:.3g}; the original by {own:.3g}, with its numbers moved "
                                         f"by a unit in the last place by {natural[i]:.3g}, largest {np.max(np.abs(t[f])):.3g}")

    def check_engine(self, case, engine):
        """`bn run` gives ONNX Runtime's answers, or says what it does not support."""
        try:
            expected = None if case.aborts_peer else run_onnxruntime(case.model, case.inputs)
            got = self.server.run(engine, case.model, case.inputs)
        except Crash as crash:
            raise Problem("crash", str(crash)) from None
        except Refusal as refusal:
            if refusal.code == UNSUPPORTED:
                return
            raise Problem("refused", str(refusal)) from None
        tolerance = ENGINE_TOLERANCE * float(ml_dtypes.finfo(case.dtype).eps)
        for output, e, g in zip(case.model.graph.output, expected or [], got):
            finite = np.isfinite(e) & np.isfinite(g)
            if error_of(g, e, finite) > tolerance * max(1.0, float(np.max(np.abs(e[finite]), initial=0.0))):
                raise Problem("engine", f"engine {engine} and ONNX Runtime differ in '{output.name}' by {error_of(g, e, finite):.3g}")

    def check(self, case):
        """The optimized model. Raises Problem."""
        try:
            after, report = self.server.optimize(case.model)
            check_shape(case.model, after)
            check_report(case.model, after, report)
            self.compare(case, after)
        except Crash as crash:
            raise Problem("crash", str(crash)) from None
        except Refusal as refusal:
            raise Problem("refused", str(refusal)) from None
        return after
