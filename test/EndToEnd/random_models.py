# random_models.py - draws small models around BatchNormalization and holds bn against its interpreter and ONNX Runtime.
# SPDX-License-Identifier: Apache-2.0
"""Each case is a model drawn from a seed (draw.py). Its optimized form must be valid, have the same border, be no larger in
any way, and give the same numbers (judge.py). A failing case is made small (shrink.py) and printed as ONNX text.
usage: random_models.py --server PATH [--cases N] [--seed S] [--jobs N] [--engine jit] [--against-ort] [--keep DIR]"""

import argparse
import collections
import multiprocessing
import pathlib
import sys
import tempfile
import time

import onnx

from draw import draw, draw_inputs
from engines import Server, optimize_in_onnxruntime, run_onnxruntime
from judge import Judge, Problem, count
from shrink import shrink, to_text

# A rounding to a coarse grid may tip over by itself, but not on every input.
REDRAWS = 3


def fails_always(judge, case, seed, problem):
    if problem.kind != "numbers" or not case.quantized:
        return True
    for redraw in range(REDRAWS):
        try:
            case.inputs = draw_inputs(case, (seed, redraw))
            judge.check(case)
            return False
        except Problem:
            continue
    return True


def judge_case(judge, seed, options, aborts_peer):
    """How many BatchNormalizations there are, stay with bn, and stay with ONNX Runtime; and what went wrong."""
    case = draw(seed)
    case.aborts_peer = aborts_peer
    tally = collections.Counter(cases=1, batchnorms=count(case.model, "BatchNormalization"), aborted=aborts_peer)
    try:
        onnx.checker.check_model(case.model, full_check=True)
        after = judge.check(case)
        tally["interpreted"] += judge.by_interpreter
        tally["left"] += count(after, "BatchNormalization")
        if options.engine:
            judge.check_engine(case, options.engine)
        peer = optimize_in_onnxruntime(case.model, judge.server.folder) if options.against_ort and not aborts_peer else None
        if peer:
            tally["compared left"] += count(after, "BatchNormalization")
            tally["peer left"] += count(peer, "BatchNormalization")
    except Problem as problem:
        if fails_always(judge, case, seed, problem):
            small = shrink(judge, case, problem.kind)
            if options.keep:
                onnx.save(case.model, pathlib.Path(options.keep, f"{seed}.onnx"))
                onnx.save(small.model, pathlib.Path(options.keep, f"{seed}-small.onnx"))
            return tally, f"case {seed}: {problem}\n{to_text(small.model)}"
    return tally, None


def work(first, aborting, options, results, current):
    """One process: every `jobs`-th case from `first` on, of which `aborting` is known to abort ONNX Runtime."""
    judge = Judge(Server(options.server))
    for seed in range(first, options.seed + options.cases, options.jobs):
        current.value = seed
        try:
            results.put(judge_case(judge, seed, options, seed == aborting))
        except Exception as error:  # a defect of this test: say which case
            results.put((collections.Counter(cases=1), f"case {seed}: {type(error).__name__}: {error}"))


def start(first, aborting, options, results):
    """A process at work, and the case that it is at."""
    current = multiprocessing.Value("q", first)
    process = multiprocessing.Process(target=work, args=(first, aborting, options, results, current), daemon=True)
    process.start()
    return process, current


def run_original(seed, options):
    case = draw(seed)
    run_onnxruntime(case.model, case.inputs)
    if options.against_ort:
        with tempfile.TemporaryDirectory() as folder:
            optimize_in_onnxruntime(case.model, pathlib.Path(folder))


def aborts_peer(seed, options):
    """Whether ONNX Runtime ends the process on the case as drawn."""
    process = multiprocessing.Process(target=run_original, args=(seed, options))
    process.start()
    process.join()
    return process.exitcode < 0


def judge_all(options):
    """The tally of each case, and what went wrong. Where ONNX Runtime aborts, a new process goes on, without it for that case."""
    results = multiprocessing.SimpleQueue()
    workers = [start(options.seed + job, None, options, results) for job in range(options.jobs)]
    for _ in range(options.cases):
        while results.empty():
            dead = next((i for i, (process, _) in enumerate(workers) if process.exitcode), None)
            if dead is None or not results.empty():
                time.sleep(0.01)
                continue
            process, current = workers[dead]
            seed = current.value
            if aborts_peer(seed, options):
                workers[dead] = start(seed, seed, options, results)
            else:
                workers[dead] = start(seed + options.jobs, None, options, results)
                results.put((collections.Counter(cases=1), f"case {seed}: its process ended with {process.exitcode}"))
        yield results.get()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True, help="the program verb-server")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--engine", choices=["jit", "reference"], help="also hold `bn run` with this engine against ONNX Runtime")
    parser.add_argument("--against-ort", action="store_true", help="count the BatchNormalizations that ONNX Runtime leaves")
    parser.add_argument("--keep", help="folder for the models of failed cases")
    options = parser.parse_args()
    if options.keep:
        pathlib.Path(options.keep).mkdir(parents=True, exist_ok=True)
    total, failed = collections.Counter(), 0
    for tally, problem in judge_all(options):
        total += tally
        if problem:
            failed += 1
            print(problem, file=sys.stderr, flush=True)
        if sys.stderr.isatty():
            print(f"\r{total['cases']} of {options.cases}, {failed} failed ", end="", file=sys.stderr, flush=True)
    print(f"BatchNormalizations: {total['left']} of {total['batchnorms']} left; {total['interpreted']} models without ONNX Runtime, "
          f"which aborts on {total['aborted']}")
    if options.against_ort:
        print(f"where ONNX Runtime runs: {total['compared left']} left, its basic level leaves {total['peer left']}, "
              f"ratio {total['compared left'] / max(1, total['peer left']):.2f}")
    print(f"{options.cases - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
