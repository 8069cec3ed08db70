# lanes.py - operators along axes: reductions, softmax, cumulative sums, sorting, normalizations without weights.
# SPDX-License-Identifier: Apache-2.0

import numpy as np

REDUCTIONS = "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare".split()


def distinct(d, shape, dtype):
    """Different numbers, so that the order does not hang on a rounding."""
    count = int(np.prod(shape))
    return (d.rng.permutation(count) - (0 if np.issubdtype(dtype, np.unsignedinteger) else count // 2)).reshape(shape).astype(dtype)


def reduction(d):
    x = d.shape(1, 4)
    low = 1 if d.operator == "ReduceLogSum" else -2  # a sum of zeros has no logarithm, least of all an integer one
    x = [min(size, 3) for size in x] if d.operator == "ReduceProd" else x  # no overflow
    inputs, attributes = [d.numbers(x, low=low)], {}
    attributes["keepdims"] = d.integer(0, 1)
    axes = d.axes(len(x))
    if d.chance(0.8):
        d.list_as("axes", [a - len(x) if d.opset >= 13 and d.chance(0.3) else a for a in axes], inputs, attributes)
    if d.takes("noop_with_empty_axes") and d.chance(0.2):
        attributes["noop_with_empty_axes"] = 1
    return inputs, attributes


def arg(d):
    x = d.shape(1, 4)
    small = d.dtype() in (np.int8, np.uint8)
    if small:
        x = [min(size, 4) for size in x]
    attributes = {"axis": d.axis(len(x)), "keepdims": d.integer(0, 1)}
    if d.takes("select_last_index"):
        attributes["select_last_index"] = d.integer(0, 1)
    return [d.numbers(x, low=-3, high=3)], attributes


def along_axis(d):
    x = d.shape(1, 4)
    return [d.numbers(x)], {"axis": d.axis(len(x))} if d.chance(0.8) else {}


def hardmax(d):
    x = d.shape(1, 3, (2, 3, 5))
    return [distinct(d, x, d.dtype())], {"axis": d.axis(len(x))}


def cumulative(d):
    x = d.shape(1, 4)
    axis = np.asarray(d.axis(len(x)), d.pick(np.int32, np.int64))
    return [d.numbers(x), d.known(axis, axis.dtype)], {"exclusive": d.integer(0, 1), "reverse": d.integer(0, 1)}


def lp_normalization(d):
    x = d.shape(2, 4)
    return [d.numbers(x, low=0.25)], {"axis": d.axis(len(x)), "p": d.integer(1, 2)}


def mean_variance(d):
    x = d.shape(3, 4, (2, 3, 5))
    return [d.numbers(x)], {"axes": d.axes(len(x))}


def top_k(d):
    x = d.shape(1, 4, (2, 3, 5, 7))
    axis = d.axis(len(x))
    attributes = {"axis": axis}
    if d.takes("largest"):
        attributes["largest"] = d.integer(0, 1)
    if np.prod(x) > 200:
        return None
    dtype = d.dtype()
    values = distinct(d, x, dtype) if np.prod(x) < 100 else distinct(d, x, d.types.setdefault("T", dtype))
    return [values, d.known([d.integer(1, x[axis])])], attributes, 2


def unique(d):
    x = d.shape(1, 3)
    attributes = {"sorted": 1}
    if d.chance(0.5):
        attributes["axis"] = d.axis(len(x))
    return [d.numbers(x, low=-2, high=2)], attributes, d.integer(1, 4)


RECIPES = {**{name: reduction for name in REDUCTIONS}, "ArgMax": arg, "ArgMin": arg, "Softmax": along_axis, "LogSoftmax": along_axis,
           "Hardmax": hardmax, "CumSum": cumulative, "CumProd": cumulative, "LpNormalization": lp_normalization,
           "MeanVarianceNormalization": mean_variance, "TopK": top_k, "Unique": unique}
