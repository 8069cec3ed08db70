# check_dropout.py - whether what a Dropout in training left is what its mask and its ratio say.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_dropout.py FOLDER RATIO     (FOLDER has y.npy, mask.npy and positive.npy; a ratio of 0 keeps everything)
import sys

import numpy as np

folder, ratio = sys.argv[1], float(sys.argv[2])
y, mask, positive = (np.load(f"{folder}/{name}.npy") for name in ("y", "mask", "positive"))
np.testing.assert_allclose(y, np.where(mask, positive / (1 - ratio), 0), 1e-6)
deviation = np.sqrt(ratio * (1 - ratio) / mask.size)
assert abs(mask.mean() - (1 - ratio)) <= 4 * deviation, mask.mean()
for axis in (0, 1):  # each row and each column keeps its share
    counts, size = mask.mean(axis), mask.shape[axis]
    assert np.all(np.abs(counts - (1 - ratio)) <= 5 * np.sqrt(ratio * (1 - ratio) / size)), counts
neighbours = np.mean(mask[:, 1:] & mask[:, :-1])
assert abs(neighbours - (1 - ratio) ** 2) <= 4 * deviation + 1e-9, neighbours
