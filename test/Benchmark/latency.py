# latency.py - how long networks take, beside other engines in the same run.
# SPDX-License-Identifier: Apache-2.0
#
# usage: latency.py BN [--networks NAME...] [--threads 1 2] [--rounds 8] [--batch 1] [--models FOLDER] [--json F] [--chart F.svg]
# needs torch, torchvision, timm, onnx, onnxscript, onnxruntime, openvino and mnn from PyPI
#
# Engines take turns, so that a slow moment of the machine hits all of them, and pause before each turn until the workers of
# the one before are asleep. The minimum of all runs counts. Networks that are no names of networks.py are taken from timm.
import argparse
import json
import pathlib
import sys
import time

from chart import draw
from engines import PEERS, Bn, Peer
from networks import NETWORKS, export

PAUSE = 0.15  # seconds


def start(program, engines, model, threads):
    running = {"bn": Bn(program, model, threads)}
    for engine in engines:
        try:
            running[engine] = Peer(engine, model, threads)
        except RuntimeError as error:
            print(f"# {error}", file=sys.stderr)
    return running


def measure(running, rounds):
    """The shortest run of each engine in milliseconds."""
    shortest = {engine: float("inf") for engine in running}
    for _ in range(rounds):
        for engine, process in running.items():
            time.sleep(PAUSE)
            shortest[engine] = min([shortest[engine], *process.measure()])
    for process in running.values():
        process.close()
    return shortest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bn")
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--engines", nargs="*", default=PEERS, choices=PEERS)
    parser.add_argument("--models", default=pathlib.Path.home() / ".cache/bn/networks", help="folder for the networks' files")
    parser.add_argument("--json", help="file for the times")
    parser.add_argument("--chart", help="file for the chart, an SVG")
    options = parser.parse_args()
    engines = ["bn", *options.engines]
    print("| network | threads | " + " | ".join(engines) + " | to the best |\n|" + "---|" * (len(engines) + 3))
    results = []
    for network in options.networks:
        model = export(network, options.models, options.batch)
        for threads in options.threads:
            times = measure(start(options.bn, options.engines, model, threads), options.rounds)
            results.append({"network": network, "threads": threads, "batch": options.batch, "ms": times})
            ratio = times["bn"] / min(times[engine] for engine in times if engine != "bn")
            cells = [f"{times[engine]:.2f}" if engine in times else "-" for engine in engines]
            print(f"| {network} | {threads} | " + " | ".join(cells) + f" | {ratio:.2f} |", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    if options.chart:
        pathlib.Path(options.chart).write_text(draw(results))


if __name__ == "__main__":
    main()
