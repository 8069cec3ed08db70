# random_operators.py - draws nodes of every operator and holds bn's compiled code against its interpreter and ONNX Runtime.
# SPDX-License-Identifier: Apache-2.0
"""Each case is a model of one node, drawn from the operator's name and a seed (operator_draw.py, operators/). Compiled code and
interpreter must give the same numbers, or refuse alike; ONNX Runtime must agree where it has the operator.
usage: random_operators.py --server PATH [--cases N] [--seed S] [--jobs N] [--operators A,B] [--keep DIR]"""

import argparse
import collections
import multiprocessing
import pathlib
import sys

import ml_dtypes
import numpy as np
import onnx

from engines import Crash, Refusal, Server, run_onnxruntime
from judge import UNSUPPORTED
from operator_draw import draw
from operators import RECIPES

FLOAT_WITHIN = ("Attention", "GroupNormalization", "LayerNormalization", "RMSNormalization")  # whatever the type
UNITS = 600  # in the last place of the largest number, or of 1
PEER_UNITS = 4000  # ONNX Runtime approximates, and computes halves in halves
REDRAWS = 20  # for recipes that have none for what was drawn


def units(model, output, coarse):
    """One unit in the last place of the output's type; a coarse engine computes doubles as floats."""
    dtype = onnx.helper.tensor_dtype_to_np_dtype(output.type.tensor_type.elem_type)
    if dtype == ml_dtypes.bfloat16 or dtype.kind == "f":
        return max(float(ml_dtypes.finfo(dtype).eps), float(np.finfo(np.float32).eps) if coarse or model.graph.name in FLOAT_WITHIN else 0)
    return 0.0


def difference(model, got, expected, tolerance, quantized, coarse=False):
    """What differs, or nothing."""
    for output, g, e in zip(model.graph.output, got, expected):
        g, e = np.atleast_1d(g), np.atleast_1d(e)
        if g.shape != e.shape:
            return f"'{output.name}' has shape {g.shape}, expected {e.shape}"
        with np.errstate(invalid="ignore"):
            same = (g == e) | (np.isnan(g) & np.isnan(e))
            unit = units(model, output, coarse)
            narrow = unit > 1e-4  # one rounding more or less, of many
            finite = np.isfinite(e)
            allowed = unit * (16 if narrow else tolerance) * max(1.0, float(np.max(np.abs(e[finite]), initial=0.0)))
            allowed = 1.0 if unit == 0 and quantized else allowed
            wrong = ~same & ~(np.abs(g - e) <= allowed)
        if wrong.any():
            at = tuple(int(i[0]) for i in np.nonzero(wrong))
            return f"'{output.name}': {int(wrong.sum())} of {wrong.size} differ, the first at {list(at)}: expected {e[at]}, got {g[at]}"
    return None


def run(server, engine, case):
    """The outputs, or the refusal."""
    try:
        return server.run(engine, case.model, case.inputs)
    except Refusal as refusal:
        return refusal


def judge(server, case, operator):
    """What became of the case, and what is wrong with it."""
    try:
        compiled, interpreted = run(server, "jit", case), run(server, "reference", case)
    except Crash as crash:
        return "failed", str(crash)
    if isinstance(compiled, Refusal) or isinstance(interpreted, Refusal):
        refusal = compiled if isinstance(compiled, Refusal) else interpreted
        if refusal.code != UNSUPPORTED:
            return "failed", str(refusal)
        return ("refused", str(refusal).splitlines()[0])
    quantized = any(word in operator for word in ("Quantize", "QLinear", "Cast", "ReduceL", "ReduceMean"))  # a rounding may tip over
    if problem := difference(case.model, compiled, interpreted, UNITS, quantized):
        return "failed", f"compiled code against the interpreter: {problem}"
    try:
        peer = run_onnxruntime(case.model, case.inputs)
    except Exception as error:  # its exceptions have no base of their own
        return "no peer", str(error)
    if peer is None:
        return "no peer", None
    if problem := difference(case.model, compiled, peer, PEER_UNITS, quantized, coarse=True):
        return "failed", f"against ONNX Runtime: {problem}"
    return "passed", None


def draw_some(operator, seed):
    for redraw in range(REDRAWS):
        try:
            if case := draw(operator, RECIPES[operator], (seed, redraw) if redraw else (seed,)):
                return case
        except onnx.shape_inference.InferenceError:
            continue
    raise ValueError(f"no case of {operator} for seed {seed}")


def work(first, options, queue):
    """One process: every `jobs`-th case."""
    server = Server(options.server)
    cases = [(operator, seed) for seed in range(options.seed, options.seed + options.cases) for operator in options.operators]
    for operator, seed in cases[first :: options.jobs]:
        try:
            case = draw_some(operator, seed)
            what, message = judge(server, case, operator)
            if what == "failed" and options.keep:
                onnx.save(case.model, pathlib.Path(options.keep, f"{operator}-{seed}.onnx"))
                np.savez(pathlib.Path(options.keep, f"{operator}-{seed}.npz"), **case.inputs)
            text = onnx.printer.to_text(case.model.graph) if what == "failed" else ""
        except Exception as error:  # a defect of this test: say which case
            what, message, text = "failed", f"{type(error).__name__}: {error}", ""
        queue.put((operator, what, f"{operator}, seed {seed}: {message}\n{text}" if what == "failed" else message))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True, help="the program verb-server")
    parser.add_argument("--cases", type=int, default=20, help="of each operator")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--operators", type=lambda text: text.split(","), default=sorted(RECIPES))
    parser.add_argument("--keep", help="folder for the models of failed cases")
    parser.add_argument("--verbose", action="store_true", help="say what was refused, and why ONNX Runtime did not take part")
    options = parser.parse_args()
    if options.keep:
        pathlib.Path(options.keep).mkdir(parents=True, exist_ok=True)
    queue = multiprocessing.Queue()
    for first in range(options.jobs):
        multiprocessing.Process(target=work, args=(first, options, queue), daemon=True).start()
    tally, notes = collections.Counter(), collections.Counter()
    for _ in range(options.cases * len(options.operators)):
        operator, what, message = queue.get()
        tally[what] += 1
        if what == "failed":
            print(message, file=sys.stderr, flush=True)
        elif message:
            notes[(operator, what, message[:160])] += 1
    if options.verbose:
        for (operator, what, message), count in sorted(notes.items()):
            print(f"{operator}: {what} {count}: {message}")
    print(f"{len(options.operators)} operators: {tally['passed']} cases agree with ONNX Runtime, {tally['no peer']} without it, "
          f"{tally['refused']} refused, {tally['failed']} failed")
    return 1 if tally["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
