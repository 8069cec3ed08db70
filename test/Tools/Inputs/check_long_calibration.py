# check_long_calibration.py - bn calibrate on many batches: its memory does not grow, and interrupting it leaves no half-written file.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_long_calibration.py MODEL.onnxtxt FOLDER      the program is bn
import os
import pty
import select
import signal
import subprocess
import sys

import numpy as np

MODEL, FOLDER = sys.argv[1:]
SAMPLES = 4000  # of 15 numbers, for two inputs: half a megabyte a batch


def link_batches(count):
    """A folder with so many names of one file."""
    folder = os.path.join(FOLDER, f"batches-{count}")
    os.makedirs(folder)
    for i in range(count):
        os.link(first, os.path.join(folder, f"{i:05}.npz"))
    return folder


def start(folder, output, *options, **streams):
    return subprocess.Popen(["bn", "calibrate", MODEL, "--data", folder, "-o", output, *options], **streams)


def get_peak(folder):
    """Kilobytes that a whole run takes at most."""
    _, status, usage = os.wait4(start(folder, os.path.join(FOLDER, "peak.onnx"), "--quiet", "--mode=sequential").pid, 0)
    assert status == 0
    return usage.ru_maxrss


os.makedirs(FOLDER)
first = os.path.join(FOLDER, "first.npz")
rng = np.random.default_rng(0)
np.savez(first, **{name: rng.normal(0, 1, (SAMPLES, 3, 5)).astype(np.float32) for name in "ab"})

few, many = get_peak(link_batches(4)), get_peak(link_batches(300))
assert many < few + 20000, f"{few} KB for 4 batches, {many} KB for 300, which are 144000 KB"

endless = link_batches(3000)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
    target = os.path.join(FOLDER, f"interrupted-{number.name}")
    os.makedirs(target)
    output = os.path.join(target, "out.onnx")
    with open(output, "w") as old:
        old.write("old")
    terminal, end = pty.openpty()
    # A shell's background jobs ignore the interrupt.
    process = start(endless, output, stderr=end, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    os.close(end)
    shown = b""
    while b"calibrating, file" not in shown:
        assert select.select([terminal], [], [], 60)[0], shown
        shown += os.read(terminal, 200)
    process.send_signal(number)
    assert process.wait(timeout=60) == -number
    with open(output) as kept:
        assert kept.read() == "old"
    assert os.listdir(target) == ["out.onnx"], os.listdir(target)
print("calibration is interruptible")
