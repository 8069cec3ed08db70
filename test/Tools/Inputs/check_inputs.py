# check_inputs.py - runs checks.onnxtxt on inputs that are right, then on each kind that is wrong.
# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

RIGHT = {"x": "5xf32=1,2,3,4,5", "places": "2xi64=-5,4", "vectors": "3x1xi64=0,-1,4", "targets": "3x1xi64=0,2,1", "lengths": "1xi64=3",
         "dividend": "5xi32=7,-7,7,-7,-2147483648", "divisor": "5xi32=2,2,-2,-2,-1"}
WRONG = [{}, {"places": "2xi64=5,0"}, {"places": "2xi64=0,-6"}, {"vectors": "3x1xi64=0,1,5"}, {"targets": "3x1xi64=-6,1,2"},
         {"lengths": "1xi64=6"}, {"divisor": "5xi32=1,0,2,3,4"}]

for wrong in WRONG:
    inputs = [f"--input={name}={value}" for name, value in {**RIGHT, **wrong}.items()]
    code = subprocess.run([sys.argv[1], "run", *sys.argv[2:], *inputs]).returncode
    print("exit", code, flush=True)
