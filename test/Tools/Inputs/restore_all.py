# restore_all.py - optimizes models, brings each back, and compares the messages.
# SPDX-License-Identifier: Apache-2.0
"""usage: restore_all.py FOLDER MODEL..."""
import pathlib
import subprocess
import sys

import onnx

folder = pathlib.Path(sys.argv[1])
for model in sys.argv[2:]:
    small, missing, again = folder / "small.onnx", folder / "missing.restore", folder / "again.onnx"
    subprocess.run(["bn", "optimize", model, "-o", small, "--restore-file", missing, "--quiet"], check=True)
    subprocess.run(["bn", "restore", small, "--restore-file", missing, "-o", again], check=True)
    equal = onnx.load(model, load_external_data=False) == onnx.load(again, load_external_data=False)
    assert equal, f"{model} came back different"
    sizes = [pathlib.Path(path).stat().st_size for path in (model, small, missing)]
    assert sizes[2] < sizes[0] + 1000, f"{model}: the restore file is larger than the model: {sizes}"
    print(f"{model}: {sizes[0]} bytes, optimized {sizes[1]}, restore file {sizes[2]}")
