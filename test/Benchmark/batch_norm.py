# batch_norm.py - how fast compiled BatchNormalizations are, beside PyTorch and the machine's own copy, in one run.
# SPDX-License-Identifier: Apache-2.0
#
# usage: batch_norm.py SERVER [--threads 1 2] [--rounds 20] [--shapes SUBSTRING]     (needs torch)
# Every round times PyTorch, the compiled kernel and a copy in turn, with reused buffers on all sides; minimum and median are
# reported. A copy reads and writes 8 bytes per element; so do inference and training at best, and backward takes 12. PyTorch is the
# better of contiguous and channels-last; "as called" is what its users write, with a new output each time. Variants of a training
# step, which PyTorch lacks, are compared with the plain one.
import argparse
import math
import statistics
import subprocess
import time

import torch

SHAPES = [(32, 256, 56, 56), (32, 512, 28, 28), (32, 64, 112, 112), (32, 1024, 14, 14), (1, 64, 112, 112), (256, 4096)]
KINDS = {"infer": 8, "infer_relu": 8, "infer_residual": 12, "train": 8, "train_relu": 8, "backward": 12}
VARIANTS = ["train_ghosts", "train_renorm", "train_masked", "train_axes"]
COLUMNS = ["threads", "kind", "shape", "bn min (median) ms", "GB/s", "copy ms", "of copy bandwidth", "PyTorch ms", "× PyTorch",
           "as called ms", "× as called", "of plain training"]
aten = torch.ops.aten


class Server:
    """The native side; answers each request with times."""

    def __init__(self, path, threads):
        self.process = subprocess.Popen([path, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def torch_call(kind, shape, channels_last):
    """A call of PyTorch's kernel into buffers that stay."""
    channels = shape[1]
    layout = torch.channels_last if channels_last and len(shape) == 4 else torch.contiguous_format
    x, y, other = (torch.rand(shape).contiguous(memory_format=layout) for _ in range(3))
    weight, bias, mean, var, save_mean, save_inv = (torch.rand(channels) + 0.5 for _ in range(6))
    if kind == "backward":
        dw, db = torch.empty(channels), torch.empty(channels)

        def call():
            aten.native_batch_norm_backward.out(other, x, weight, mean, var, save_mean, save_inv, True, 1e-5, [True] * 3, out0=y, out1=dw, out2=db)
    else:
        training = kind.startswith("train")
        saved = (save_mean, save_inv) if training else (torch.empty(0), torch.empty(0))

        def call():
            aten.native_batch_norm.out(x, weight, bias, mean, var, training, 0.1, 1e-5, out=y, save_mean=saved[0], save_invstd=saved[1])
            if kind == "infer_residual":
                y.add_(other)
            if kind.endswith(("relu", "residual")):
                y.relu_()

    return call


def torch_user_call(kind, shape):
    """What users of PyTorch write."""
    functional = torch.nn.functional
    x, other = torch.rand(shape), torch.rand(shape)
    weight, bias, mean, var = (torch.rand(shape[1]) + 0.5 for _ in range(4))
    if kind == "backward":
        inputs = [tensor.requires_grad_() for tensor in (x, weight, bias)]
        y = functional.batch_norm(x, mean, var, weight, bias, True)
        return lambda: torch.autograd.grad(y, inputs, other, retain_graph=True)

    def call():
        y = functional.batch_norm(x, mean, var, weight, bias, kind.startswith("train"))
        if kind == "infer_residual":
            y = y + other
        return functional.relu(y) if kind.endswith(("relu", "residual")) else y

    return call


def timed(call, grad=False):
    start = time.perf_counter()
    with torch.set_grad_enabled(grad):
        call()
    return (time.perf_counter() - start) * 1e3


def measure(server, kind, shape, channels_last, rounds):
    elements = math.prod(shape)
    order = (shape[0], *shape[2:], shape[1]) if channels_last else shape
    request = f"{kind} {'x'.join(map(str, order))} {len(order) - 1 if channels_last else 1}"
    questions = {"bn": lambda: min(server.ask(f"{request} 2")), "copy": lambda: min(server.ask(f"copy {elements} 2"))}
    if kind in VARIANTS:
        questions["plain"] = lambda: min(server.ask(request.replace(kind, "train") + " 2"))
    else:
        peers = [torch_call(kind, shape, layout) for layout in ((False, True) if len(shape) == 4 else (False,))]
        user = torch_user_call(kind, shape)
        questions["torch"] = lambda: min(timed(peer) for peer in peers)
        questions["called"] = lambda: timed(user, kind == "backward")
    times = {name: [] for name in questions}
    for turn in range(rounds + 1):
        for name, question in questions.items():
            answer = question()
            if name in ("torch", "called"):
                time.sleep(0.005)  # PyTorch's workers stop spinning
            if turn:  # the first one compiles and warms up
                times[name].append(answer)
    server.ask("forget")
    return times


def format_row(threads, kind, name, elements, times):
    best = {key: min(values) for key, values in times.items()}
    size = KINDS.get(kind, 8)
    row = [threads, kind, name, f"{best['bn']:.3f} ({statistics.median(times['bn']):.3f})", f"{size * elements / best['bn'] / 1e6:.1f}",
           f"{best['copy']:.3f}", f"{100 * best['copy'] * size / 8 / best['bn']:.0f} %"]
    for key in ("torch", "called"):
        row += [f"{best[key]:.3f}", f"{best[key] / best['bn']:.1f}"] if key in best else ["", ""]
    row.append(f"{best['bn'] / best['plain']:.2f}" if "plain" in best else "")
    return "| " + " | ".join(map(str, row)) + " |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--shapes", default="")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS) + VARIANTS)
    options = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for threads in options.threads:
        torch.set_num_threads(threads)
        server = Server(options.server, threads)
        for shape in SHAPES:
            for channels_last in (False, True) if len(shape) == 4 else (False,):
                name = "×".join(map(str, shape)) + (" channels-last" if channels_last else "")
                if options.shapes not in name:
                    continue
                for kind in options.kinds:
                    if kind in VARIANTS and (len(shape) != 4 or shape[0] % 2):
                        continue
                    times = measure(server, kind, shape, channels_last, options.rounds)
                    print(format_row(threads, kind, name, math.prod(shape), times), flush=True)
        server.close()


if __name__ == "__main__":
    main()
