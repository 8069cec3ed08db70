# neighbours.py - draws what stands around BatchNormalizations: activations, shapes, pooling, branches, constants.
# SPDX-License-Identifier: Apache-2.0
"""Each function adds nodes behind a value and returns the new value, or None where the operator does not fit."""

import numpy as np
from onnx import TensorProto

import linear
from graph import element_type


def activation(graph, x):
    name = graph.pick("Relu", "Relu", "Relu", "LeakyRelu", "Sigmoid", "Clip", "Tanh", "HardSigmoid", "Elu")
    attributes = {"alpha": 0.2} if name == "LeakyRelu" else {}
    inputs = [x.name]
    if name == "Clip" and graph.opset < 11:
        attributes = {"min": 0.0, "max": 6.0}
    elif name == "Clip":
        inputs += [graph.initializer(np.asarray(bound, graph.dtype)) for bound in (0, 6)]
    return graph.value(graph.node(name, inputs, **attributes), x.shape, x)


def arithmetic(graph, x):
    """x ∘ constant or constant ∘ x, the constant one number, one per channel, or full."""
    operator = graph.pick("Mul", "Add", "Sub", "Div")
    rank = len(x.shape)
    channels = (x.shape[1],) + (1,) * (rank - 2) if rank > 1 else (x.shape[0],)
    shape = graph.pick((), (), (1,), channels, channels, channels, (1,) + channels if rank > 1 else channels, tuple(x.shape[1:]), (x.shape[-1],))
    first = graph.chance(0.25)
    divisor = operator == "Div"
    if divisor and first:
        return None
    numbers = graph.rng.standard_normal(shape)
    if divisor or (operator == "Mul" and graph.chance(0.5)):
        numbers = np.abs(numbers) + 0.3
    constant = graph.constant(numbers.astype(graph.dtype))
    return graph.value(graph.node(operator, [constant, x.name] if first else [x.name, constant]), x.shape, x)


def add_values(graph, x):
    others = [v for v in graph.values if v.shape == x.shape and v is not x]
    if not others:
        return None
    other = graph.pick(*others)
    names = [x.name, other.name] if graph.chance(0.5) else [other.name, x.name]
    return graph.value(graph.node(graph.pick("Add", "Add", "Add", "Sub", "Mul"), names), x.shape, x, other)


def concat(graph, x):
    others = [v for v in graph.values if len(v.shape) == len(x.shape)]
    axis = graph.integer(0, len(x.shape) - 1) if graph.chance(0.3) else min(1, len(x.shape) - 1)
    others = [v for v in others if v.shape[:axis] + v.shape[axis + 1:] == x.shape[:axis] + x.shape[axis + 1:]]
    if not others:
        return None
    parts = [x] + [graph.pick(*others) for _ in range(graph.integer(1, 2))]
    shape = list(x.shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return graph.value(graph.node("Concat", [part.name for part in parts], axis=axis), shape, *parts) if shape[axis] <= 24 else None


def split(graph, x):
    axes = [a for a, n in enumerate(x.shape) if n > 1 and a > 0]
    if not axes:
        return None
    axis = graph.pick(*axes)
    first = graph.integer(1, x.shape[axis] - 1)
    sizes = [first, x.shape[axis] - first]
    if graph.opset < 13:
        names = graph.node("Split", [x.name], outputs=2, axis=axis, split=sizes)
    else:
        names = graph.node("Split", [x.name, graph.integers(*sizes)], outputs=2, axis=axis)
    parts = [graph.value(name, [size if a == axis else n for a, n in enumerate(x.shape)], x) for name, size in zip(names, sizes)]
    graph.values.append(parts[1])
    return parts[0]


def slice_(graph, x):
    axes = [a for a, n in enumerate(x.shape) if n > 2 and a > 0]
    if not axes:
        return None
    axis = graph.pick(*axes)
    step = graph.pick(1, 1, 2) if graph.opset >= 10 else 1
    start, end = graph.integer(0, 1), graph.pick(x.shape[axis], x.shape[axis] - 1, 2**31 - 1)
    shape = list(x.shape)
    shape[axis] = -(-(min(end, x.shape[axis]) - start) // step)
    if graph.opset < 10:
        name = graph.node("Slice", [x.name], axes=[axis], starts=[start], ends=[end])
    else:
        name = graph.node("Slice", [x.name, graph.integers(start), graph.integers(end), graph.integers(axis), graph.integers(step)])
    return graph.value(name, shape, x)


def pad(graph, x):
    rank = len(x.shape)
    if rank < 3 or max(x.shape[2:]) > 10:
        return None
    pads = [0, 0] + [graph.integer(0, 1) for _ in x.shape[2:]]
    pads += [0, 0] + [graph.integer(0, 1) for _ in x.shape[2:]]
    mode, amount = graph.pick("constant", "constant", "reflect", "edge"), graph.pick(0.0, 0.0, 0.5)
    if mode == "reflect" and min(x.shape[2:]) < 3:
        return None
    if graph.opset < 11:
        name = graph.node("Pad", [x.name], pads=pads, mode=mode, value=amount)
    else:
        values = [graph.initializer(np.asarray(amount, graph.dtype))] if mode == "constant" and amount else []
        name = graph.node("Pad", [x.name, graph.integers(*pads), *values], mode=mode)
    return graph.value(name, [n + a + b for n, a, b in zip(x.shape, pads, pads[rank:])], x)


def pool(graph, x):
    if len(x.shape) < 3 or len(x.shape) > 5:
        return None
    kind = graph.pick("MaxPool", "AveragePool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool")
    if kind.startswith("Global"):
        graph.summed = max(graph.summed, int(np.prod(x.shape[2:])))
        return graph.value(graph.node(kind, [x.name]), x.shape[:2] + [1] * (len(x.shape) - 2), x)
    kernel, strides, _ = linear.windows(graph, x.shape[2:])
    ones = [1] * len(kernel)
    pads = [graph.integer(0, k - 1) for k in kernel] * 2 if graph.chance(0.4) else [0] * 2 * len(kernel)
    out = [(n + a + b - k) // s + 1 for n, a, b, k, s in zip(x.shape[2:], pads, pads[len(kernel):], kernel, strides)]
    attributes = {"kernel_shape": kernel, "strides": strides} | ({"pads": pads} if any(pads) else {})
    if kind == "AveragePool" and graph.chance(0.4):
        attributes["count_include_pad"] = 1
    if min(out) < 1 or kernel == ones:
        return None
    return graph.value(graph.node(kind, [x.name], **attributes), x.shape[:2] + out, x)


def reduce_mean(graph, x):
    rank = len(x.shape)
    if rank < 3:
        return None
    keep, axes = graph.chance(0.5), list(range(2, rank))
    graph.summed = max(graph.summed, int(np.prod(x.shape[2:])))
    if graph.opset >= 18:
        name = graph.node("ReduceMean", [x.name, graph.integers(*axes)], keepdims=int(keep))
    else:
        name = graph.node("ReduceMean", [x.name], axes=axes, keepdims=int(keep))
    return graph.value(name, x.shape[:2] + ([1] * (rank - 2) if keep else []), x)


def reshape(graph, x):
    rank, total = len(x.shape), int(np.prod(x.shape))
    kind = graph.pick("flatten", "rows", "merge", "split")
    if kind == "flatten" and rank > 2:
        return graph.value(graph.node("Flatten", [x.name], axis=1), [x.shape[0], total // x.shape[0]], x)
    if kind == "rows" and rank == 3:  # a BatchNormalization of columns, as LeViT has it
        return graph.value(graph.node("Reshape", [x.name, graph.integers(-1, x.shape[2])]), [total // x.shape[2], x.shape[2]], x)
    if kind == "merge" and rank > 3:
        shape = x.shape[:2] + [total // x.shape[0] // x.shape[1]]
        return graph.value(graph.node("Reshape", [x.name, graph.integers(0, shape[1], -1)]), shape, x)
    if kind == "split" and rank == 2 and x.shape[1] % 2 == 0:
        shape = [x.shape[0], x.shape[1] // 2, 2]
        return graph.value(graph.node("Reshape", [x.name, graph.integers(0, *shape[1:])]), shape, x)
    return None


def transpose(graph, x):
    rank = len(x.shape)
    order = [0] + [int(a) for a in 1 + graph.rng.permutation(rank - 1)] if graph.chance(0.8) else [int(a) for a in graph.rng.permutation(rank)]
    return graph.value(graph.node("Transpose", [x.name], perm=order), [x.shape[a] for a in order], x)


def squeeze(graph, x):
    axes = [a for a, n in enumerate(x.shape) if n == 1 and a > 1]
    if axes and graph.chance(0.7):
        name, shape = "Squeeze", [n for a, n in enumerate(x.shape) if a not in axes]
    elif len(x.shape) < 5:
        name, axes, shape = "Unsqueeze", [len(x.shape)], [*x.shape, 1]
    else:
        return None
    if graph.opset < 13:
        return graph.value(graph.node(name, [x.name], axes=axes), shape, x)
    return graph.value(graph.node(name, [x.name, graph.integers(*axes)]), shape, x)


def identity(graph, x):
    return graph.value(graph.node(graph.pick("Identity", "Dropout"), [x.name]), x.shape, x)


def cast(graph, x):
    """To a wider type and back; to f16 and back is a rounding."""
    wide = graph.pick(TensorProto.DOUBLE, TensorProto.FLOAT)
    there = graph.value(graph.node("Cast", [x.name], to=wide), x.shape, x)
    there = graph.value(graph.node("Relu", [there.name]), x.shape, x) if graph.chance(0.3) and graph.opset >= 14 else there
    return graph.value(graph.node("Cast", [there.name], to=element_type(graph.dtype)), x.shape, x)


def quantize(graph, x):
    if graph.opset < 10 or graph.dtype != np.float32:
        return None
    scale = graph.initializer(np.asarray(0.05, np.float32))
    zero = graph.initializer(np.asarray(graph.pick(0, 3), np.int8))
    name = graph.node("QuantizeLinear", [x.name, scale, zero])
    result = graph.value(graph.node("DequantizeLinear", [name, scale, zero]), x.shape, x)
    result.quantized = True
    return result


def branches(graph, x):
    """Parallel convolutions with BatchNormalizations, and the value's own, joined by Add: RepVGG and kin."""
    if len(x.shape) < 3 or len(x.shape) > 4:
        return None
    channels = x.shape[1]
    total = linear.batch_norm(graph, x) if graph.chance(0.6) else None
    for _ in range(graph.integer(1, 3) if total else graph.integer(2, 3)):
        branch = linear.conv(graph, x, channels, same=True)
        branch = linear.batch_norm(graph, branch) if graph.chance(0.8) else branch
        total = graph.value(graph.node("Add", [total.name, branch.name]), x.shape, x) if total else branch
    return total
