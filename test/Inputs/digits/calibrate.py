# calibrate.py - what bn calibrate brings back: accuracy on shifted images, and of a network whose statistics are lost.
# SPDX-License-Identifier: Apache-2.0
#
# usage: calibrate.py BN [FOLDER]      needs numpy and onnx; files that are made go to FOLDER, default build/calibrate
#
# Calibrates on 180 of the held-out images without their labels, in batches of 60, and counts right answers on the other 180.
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH, CALIBRATED_ON = 60, 180


def lose_statistics(path):
    """The network as it would be with the statistics of a layer that has seen nothing."""
    model = onnx.load(os.path.join(HERE, "digits.onnx"))
    for tensor in model.graph.initializer:
        if "running" in tensor.name:
            fresh = np.full(tensor.dims, float(tensor.name.endswith("running_var")), np.float32)
            tensor.CopyFrom(numpy_helper.from_array(fresh, tensor.name))
    onnx.save(model, path)


def accuracy(bn, model, images, labels, folder):
    data, answers = os.path.join(folder, "images.npy"), os.path.join(folder, "logits.npy")
    np.save(data, images)
    subprocess.run([bn, "run", model, "--input", f"image=@{data}", "--output", f"logits=@{answers}"], check=True)
    return (np.load(answers).argmax(1) == labels).mean()


def calibrate(bn, model, images, folder):
    data, result = os.path.join(folder, "data"), os.path.join(folder, "calibrated.onnx")
    os.makedirs(data, exist_ok=True)
    for begin in range(0, len(images), BATCH):
        np.save(os.path.join(data, f"{begin:03}.npy"), images[begin : begin + BATCH])
    subprocess.run([bn, "calibrate", model, "--data", data, "-o", result, "--quiet"], check=True)
    return result


def main():
    bn = sys.argv[1]
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.join("build", "calibrate")
    os.makedirs(folder, exist_ok=True)
    digits, lost = os.path.join(HERE, "digits.onnx"), os.path.join(folder, "lost.onnx")
    lose_statistics(lost)
    images, labels = np.load(os.path.join(HERE, "images.npy")), np.load(os.path.join(HERE, "labels.npy"))
    noise = np.random.default_rng(0).normal(0, 0.3, images.shape)
    cases = {
        "as they are": (digits, images),
        "statistics lost": (lost, images),
        "contrast x 0.3": (digits, 0.3 * images),
        "contrast x 3": (digits, 3 * images),
        "contrast x 0.2, brightness + 0.5": (digits, 0.2 * images + 0.5),
        "noise of 0.3": (digits, images + noise),
    }
    print(f"{'images':34}{'before':>10}{'calibrated':>12}")
    for name, (model, shifted) in cases.items():
        shifted = shifted.astype(np.float32)
        tested = shifted[CALIBRATED_ON:], labels[CALIBRATED_ON:], folder
        calibrated = calibrate(bn, model, shifted[:CALIBRATED_ON], folder)
        print(f"{name:34}{accuracy(bn, model, *tested):>10.1%}{accuracy(bn, calibrated, *tested):>12.1%}")


if __name__ == "__main__":
    main()
