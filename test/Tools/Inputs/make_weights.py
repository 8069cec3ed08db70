# make_weights.py - prints a model of 40 weights in decimal numbers, which are nowhere but in memory once it is imported.
# SPDX-License-Identifier: Apache-2.0
COUNT = 40


def weight(i):
    size = 300 + i
    return f"float[{size}] w{i} = {{" + ", ".join(str((7 * j + i) % 13) for j in range(size)) + "}"


outputs = ", ".join(f"float[{300 + i}] s{i}" for i in range(COUNT))
weights = ", ".join(weight(i) for i in range(COUNT))
print(f'<ir_version: 8, opset_import: ["" : 15]>\nweights (float[1] a) => ({outputs}) <{weights}> {{')
for i in range(COUNT):
    print(f"  s{i} = Add(a, w{i})")
print("}")
