# compare_step.py - what bn layer wrote for the first step of a recording against the recording.
# SPDX-License-Identifier: Apache-2.0
#
# usage: compare_step.py TRACE.npz OUT.npz
import sys

import numpy as np

trace, out = (np.load(path) for path in sys.argv[1:])
names = {name: f"{name}0" if f"{name}0" in trace else f"state0/{name}" for name in out.files if not name.startswith("dadjustment")}
assert "y" in names and "moving_mean" in names, out.files
for name, recorded in names.items():
    assert out[name].shape == trace[recorded].shape and out[name].dtype == trace[recorded].dtype, name
    assert np.allclose(out[name], trace[recorded], rtol=1e-4, atol=1e-4), name
