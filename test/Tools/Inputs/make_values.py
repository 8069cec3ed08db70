# make_values.py - files of ONNX's for a sequence of two tensors, and for an optional with a value and one without.
# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper

folder = pathlib.Path(sys.argv[1])
pair = [np.array([[1, 2], [3, 4]], np.float32), np.array([[5], [6]], np.float32)]
(folder / "pair.pb").write_bytes(numpy_helper.from_list(pair, "pair").SerializeToString())
(folder / "half.pb").write_bytes(numpy_helper.from_optional(np.array([0.5], np.float32), "half").SerializeToString())
(folder / "nothing.pb").write_bytes(onnx.OptionalProto(elem_type=onnx.OptionalProto.TENSOR).SerializeToString())
