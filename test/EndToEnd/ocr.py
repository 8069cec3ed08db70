# ocr.py - reads a rendered line of text: the three PP-OCR models of the PyPI package rapidocr-onnxruntime, run by bn.
# SPDX-License-Identifier: Apache-2.0
#
# usage: ocr.py BN MODELS PAGE.png [--expect TEXT]
# Detection finds the line on the page, the direction classifier says whether it is upside down, recognition reads it. The page is
# read as it is and turned by half; both must give TEXT. PAGE.png is 8-bit grayscale without filters (png type 0).
import argparse
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import onnx


def read_png(path):
    """The rows of an 8-bit grayscale image whose rows are not filtered."""
    data, at, packed = pathlib.Path(path).read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
            assert (depth, color) == (8, 0), "expected 8-bit grayscale"
        if kind == b"IDAT":
            packed += body
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any(), "expected rows without filters"
    return rows[:, 1:]


def resize(image, height, width):
    """Bilinear, by the centers of pixels."""
    def weights(size, wanted):
        place = np.clip((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0, size - 1)
        low = np.minimum(place.astype(int), max(size - 2, 0))
        matrix = np.zeros((wanted, size))
        matrix[np.arange(wanted), low] = 1 - (place - low)
        matrix[np.arange(wanted), np.minimum(low + 1, size - 1)] += place - low
        return matrix

    return weights(image.shape[0], height) @ image @ weights(image.shape[1], width).T


class Model:
    def __init__(self, bn, folder, name, precision):
        self.bn, self.precision = bn, precision
        self.path = next(pathlib.Path(folder).rglob(f"{name}.onnx"))

    def run(self, image, mean, deviation):
        """The output for one gray image, its numbers from 0 to 1 brought to this mean and deviation per channel."""
        channels = (np.stack([image / 255] * 3) - np.reshape(mean, (3, 1, 1))) / np.reshape(deviation, (3, 1, 1))
        with tempfile.TemporaryDirectory() as folder:
            np.save(f"{folder}/x.npy", channels[None].astype(np.float32))
            files = ["--input", f"0=@{folder}/x.npy", "--output", f"0=@{folder}/y.npy"]
            subprocess.run([self.bn, "run", self.path, "--precision", self.precision, *files], check=True)
            return np.load(f"{folder}/y.npy")[0]


def find_line(model, page):
    """The part of the page that the detector's probabilities cover, with the margin that it was trained to leave out."""
    probability = model.run(page, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))[0]
    rows, columns = np.nonzero(probability > 0.3)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    margin = round(1.6 * (bottom - top) * (right - left) / (2 * (bottom - top + right - left)))
    return page[max(top - margin, 0) : bottom + margin, max(left - margin, 0) : right + margin]


def is_turned(model, line):
    width = min(192, round(48 * line.shape[1] / line.shape[0]))
    image = np.full((48, 192), 127.5)
    image[:, :width] = resize(line, 48, width)
    upright, turned = model.run(image, [0.5] * 3, [0.5] * 3)
    return turned > upright


def read(model, line):
    """The most likely character of each step; repetitions are one, and 0 stands for none."""
    scores = model.run(resize(line, 48, round(48 * line.shape[1] / line.shape[0])), [0.5] * 3, [0.5] * 3)
    metadata = {entry.key: entry.value for entry in onnx.load(model.path, load_external_data=False).metadata_props}
    characters = ["", *metadata["character"].split("\n"), " "]
    steps = scores.argmax(axis=1)
    return "".join(characters[step] for i, step in enumerate(steps) if i == 0 or step != steps[i - 1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bn")
    parser.add_argument("models")
    parser.add_argument("page")
    parser.add_argument("--expect")
    parser.add_argument("--precision", default="f32")
    options = parser.parse_args()
    names = ("ch_PP-OCRv4_det_infer", "ch_ppocr_mobile_v2.0_cls_infer", "ch_PP-OCRv4_rec_infer")
    detector, classifier, reader = (Model(options.bn, options.models, name, options.precision) for name in names)
    page, failed = read_png(options.page).astype(np.float64), False
    for how, image in (("as it is", page), ("turned by half", page[::-1, ::-1])):
        line = find_line(detector, image)
        turned = is_turned(classifier, line)
        text = read(reader, line[::-1, ::-1] if turned else line)
        print(f"{how}: {'upside down, ' if turned else ''}reads '{text}'", flush=True)
        failed |= options.expect is not None and text != options.expect
    return failed


if __name__ == "__main__":
    sys.exit(main())
