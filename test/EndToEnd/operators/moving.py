# moving.py - operators that move elements: shapes, boxes, indices.
# SPDX-License-Identifier: Apache-2.0

import ml_dtypes
import numpy as np


def reshape(d):
    x = d.shape(1, 4)
    count = int(np.prod(x))
    divisor = d.pick(*[k for k in range(1, count + 1) if count % k == 0])
    shape = d.pick([count // divisor, divisor], [divisor, -1], [-1], [0, -1], x, [1, -1, 1])
    return [d.numbers(x), d.known(shape)], {}


def flatten(d):
    x = d.shape(1, 4)
    return [d.numbers(x)], {"axis": d.integer(-len(x) if d.opset >= 11 else 0, len(x))}


def squeeze(d):
    x = d.shape(1, 4)
    ones = d.axes(len(x))
    inputs, attributes = [d.numbers([1 if i in ones else size for i, size in enumerate(x)])], {}
    if d.chance(0.8):
        d.list_as("axes", ones, inputs, attributes)
    return inputs, attributes


def unsqueeze(d):
    x = d.shape(0, 3)
    inputs, attributes = [d.numbers(x)], {}
    d.list_as("axes", d.axes(len(x) + 2)[:2], inputs, attributes)
    axes = attributes.get("axes", None) if attributes else inputs[1].array.tolist()
    return (inputs, attributes) if max(axes) < len(x) + len(axes) else None


def transpose(d):
    x = d.shape(1, 5, (1, 2, 3, 5))
    return [d.numbers(x)], {"perm": [int(i) for i in d.rng.permutation(len(x))]} if d.chance(0.8) else {}


def expand(d):
    whole = d.shape(1, 4)
    x = [1 if d.chance(0.4) else size for size in whole[d.integer(0, len(whole) - 1):]]
    return [d.numbers(x), d.known(d.pick(whole, [1 if d.chance(0.3) else size for size in whole]))], {}


def tile(d):
    x = d.shape(1, 4, (1, 2, 3))
    return [d.numbers(x), d.known([d.integer(1, 3) for _ in x])], {}


def concat(d):
    x = d.shape(1, 4)
    axis = d.axis(len(x))
    parts = []
    for _ in range(d.integer(1, 4)):
        part = list(x)
        part[axis] = d.integer(1, 5)
        parts.append(d.numbers(part))
    return parts, {"axis": axis}


def split(d):
    x = d.shape(1, 4)
    axis, count = d.axis(len(x)), d.integer(1, 3)
    sizes = [d.integer(1, 3) for _ in range(count)]
    x[axis] = sum(sizes)
    inputs, attributes = [d.numbers(x)], {"axis": axis}
    d.list_as("split", sizes, inputs, attributes)
    return inputs, attributes, count


def slice_(d):
    x = d.shape(1, 4)
    if d.takes("starts"):
        axes = d.axes(len(x))
        return [d.numbers(x)], {"axes": axes, "starts": [d.integer(-2, x[a] - 1) for a in axes], "ends": [d.pick(x[a], -1, 1000) for a in axes]}
    axes = d.axes(len(x))
    starts = [d.integer(-x[a] - 1, x[a]) for a in axes]
    steps = [d.pick(1, 1, 2, -1, -2, 3) for _ in axes]
    far = np.iinfo(np.int64)
    ends = [d.pick(d.integer(-x[a] - 1, x[a] + 1), far.max if step > 0 else far.min) for a, step in zip(axes, steps)]
    inputs = [d.numbers(x), d.known(starts), d.known(ends), d.known([a - len(x) if d.chance(0.3) else a for a in axes])]
    return (inputs + [d.known(steps)] if d.chance(0.7) or min(steps) < 0 else inputs), {}


def pad(d):
    mode = d.pick("constant", "edge", "reflect", *(["wrap"] if d.opset >= 19 else []))
    x = d.shape(1, 4, (2, 3, 5))
    low, high = [d.integer(0, 1) for _ in x], [d.integer(0, 1) for _ in x]
    if mode == "constant":
        low = [d.integer(-1, 2) for _ in x]
    if d.takes("pads"):
        return [d.numbers(x)], {"mode": mode, "pads": low + high, "value": 1.5}
    inputs = [d.numbers(x), d.known(low + high)]
    if mode == "constant" and d.chance(0.6):
        inputs.append(d.numbers([]))
    return inputs, {"mode": mode}


def indices(d, shape, size, lowest=None):
    return d.rng.integers(-size if lowest is None else lowest, size, shape).astype(np.int64)


def gather(d):
    x = d.shape(1, 4)
    axis = d.axis(len(x))
    places = indices(d, d.shape(0, 2), x[axis], None if d.opset >= 11 else 0).astype(d.pick(np.int32, np.int64))
    return [d.numbers(x), places], {"axis": axis}


def gather_elements(d):
    x = d.shape(1, 4)
    axis = d.axis(len(x))
    shape = [d.integer(1, size) for size in x]
    shape[axis] = d.integer(1, 6)
    return [d.numbers(x), indices(d, shape, x[axis])], {"axis": axis}


def gather_nd(d):
    x = d.shape(1, 4)
    batch = d.integer(0, min(1, len(x) - 1)) if d.takes("batch_dims") else 0
    depth = d.integer(1, len(x) - batch)
    lead = x[:batch] + d.shape(0, 2, (1, 2, 3))
    places = np.stack([indices(d, lead, x[batch + i]) for i in range(depth)], axis=-1)
    return [d.numbers(x), places], {"batch_dims": batch} if batch else {}


def scatter_elements(d):
    x = d.shape(1, 3)
    axis = d.axis(len(x))
    shape = [d.integer(1, size) for size in x]
    reduction = d.pick("none", "add", "mul", *(["min", "max"] if d.opset >= 18 else [])) if d.takes("reduction") and d.dtype() != np.bool_ else "none"
    if reduction == "none":  # places must not repeat
        places = d.rng.permutation(x[axis])[:shape[axis]].reshape([-1 if i == axis % len(x) else 1 for i in range(len(x))])
        places = np.broadcast_to(places, shape).astype(np.int64).copy()
    else:
        places = indices(d, shape, x[axis])
    return [d.numbers(x), places, d.numbers(shape)], {"axis": axis, **({"reduction": reduction} if reduction != "none" else {})}


def scatter_nd(d):
    x = d.shape(1, 3)
    depth = d.integer(1, len(x))
    reduction = d.pick("none", "add", "mul", *(["min", "max"] if d.opset >= 18 else [])) if d.takes("reduction") and d.dtype() != np.bool_ else "none"
    count = d.integer(1, min(4, int(np.prod(x[:depth]))))
    flat = d.rng.permutation(int(np.prod(x[:depth])))[:count]
    places = np.stack(np.unravel_index(flat, x[:depth]), axis=-1).astype(np.int64)
    return [d.numbers(x), places, d.numbers([count] + x[depth:])], {"reduction": reduction} if reduction != "none" else {}


def one_hot(d):
    depth, x = d.integer(1, 6), d.shape(1, 3, (1, 2, 3))
    places = indices(d, x, depth).astype(d.pick(np.int64, np.int32, np.float32))
    if d.opset < 11:
        places = np.abs(places)
    return [places, d.known(np.asarray(depth)), d.numbers([2], d.dtype(2))], {"axis": d.integer(-1, len(x))}


def compress(d):
    x = d.shape(1, 3)
    attributes = {"axis": d.axis(len(x))} if d.chance(0.6) else {}
    size = x[attributes["axis"]] if attributes else int(np.prod(x))
    return [d.numbers(x), d.rng.random(d.integer(1, size)) < 0.6], attributes


def reverse_sequence(d):
    x = d.shape(2, 4, (2, 3, 5))
    time = d.integer(0, 1)
    return [d.numbers(x), d.rng.integers(1, x[time] + 1, x[1 - time]).astype(np.int64)], {"time_axis": time, "batch_axis": 1 - time}


def trilu(d):
    x = d.shape(2, 4)
    inputs = [d.numbers(x)]
    if d.chance(0.7):
        inputs.append(np.asarray(d.integer(-4, 4), np.int64))
    return inputs, {"upper": d.integer(0, 1)}


def blocks(d):
    b = d.integer(1, 3)
    x = [d.integer(1, 2), d.integer(1, 3), d.integer(1, 3), d.integer(1, 4)]
    if d.operator == "DepthToSpace":
        x[1] *= b * b
        mode = {"mode": d.pick("DCR", "CRD")} if d.takes("mode") else {}
    else:
        x[2], x[3], mode = x[2] * b, x[3] * b, {}
    return [d.numbers(x)], {"blocksize": b, **mode}


def plain(d):
    return [d.numbers(d.shape(0))], {}


def non_zero(d):
    x = d.numbers(d.shape(1), low=-1, high=1)
    return [x], {}


def shape(d):
    attributes = {"start": d.integer(-3, 3), "end": d.integer(-3, 3)} if d.takes("start") and d.chance(0.6) else {}
    return [d.numbers(d.shape(0))], attributes


def eye_like(d):
    return [d.numbers(d.shape(2, 2))], {"k": d.integer(-3, 3)}


def constant_of_shape(d):
    return [d.known(d.shape(0))], {}


def range_(d):
    dtype = d.dtype()
    step = d.pick(1, 2, 3, -1, -2)
    start = d.integer(-5, 5)
    values = [start, start + step * d.integer(0, 6) + d.pick(0, 1 if step > 0 else -1), step]
    return [d.known(np.asarray(v), dtype) for v in values], {}


def center_crop_pad(d):
    x = d.shape(1, 4)
    axes = d.axes(len(x))
    return [d.numbers(x), d.known([d.integer(1, 8) for _ in axes])], {"axes": axes}


def cast(d):
    from onnx import helper
    source = d.dtype()
    names = next(c.allowed_type_strs for c in d.schema.type_constraints if c.type_param_str == "T2")
    from operator_draw import DTYPES
    target = DTYPES[d.pick(*[n[7:-1] for n in names if n[7:-1] in DTYPES])]
    unsigned = np.issubdtype(target, np.unsignedinteger)
    x = d.numbers(d.shape(0), source, 0 if unsigned else -100, 100)
    if d.operator == "CastLike":
        return [x, np.zeros([2], target)], {}
    return [x], {"to": helper.np_dtype_to_tensor_dtype(np.dtype(target))}


def bit_cast(d):
    from onnx import helper
    from operator_draw import DTYPES
    source = np.dtype(d.dtype())
    target = d.pick(*[t for t in DTYPES.values() if np.dtype(t).itemsize == source.itemsize and t != np.bool_])
    x = d.numbers(d.shape(0), source)
    return [x], {"to": helper.np_dtype_to_tensor_dtype(np.dtype(target))}


RECIPES = {"BitCast": bit_cast, "Reshape": reshape, "Flatten": flatten, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Transpose": transpose, "Expand": expand,
           "Tile": tile, "Concat": concat, "Split": split, "Slice": slice_, "Pad": pad, "Gather": gather, "GatherElements": gather_elements,
           "GatherND": gather_nd, "ScatterElements": scatter_elements, "ScatterND": scatter_nd, "OneHot": one_hot, "Compress": compress,
           "ReverseSequence": reverse_sequence, "Trilu": trilu, "DepthToSpace": blocks, "SpaceToDepth": blocks, "Size": plain,
           "NonZero": non_zero, "Shape": shape, "EyeLike": eye_like, "ConstantOfShape": constant_of_shape, "Range": range_,
           "CenterCropPad": center_crop_pad, "Cast": cast, "CastLike": cast}
