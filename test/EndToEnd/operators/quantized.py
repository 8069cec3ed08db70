# quantized.py - operators on quantized numbers.
# SPDX-License-Identifier: Apache-2.0

import numpy as np

from operator_draw import Known

from .products import Windows


def scales(d, shape, dtype=np.float32):
    """Powers of two, which are not 0 in any type."""
    return (2.0 ** (d.rng.integers(0, 3, shape) if np.issubdtype(dtype, np.integer) else d.rng.integers(-5, 1, shape))).astype(dtype)


def quantize(d):
    x = d.shape(1, 4)
    attributes, scale = {}, []
    if d.opset >= 13 and d.chance(0.5):
        attributes["axis"] = d.axis(len(x))
        scale = [x[attributes["axis"]]]
    target = d.pick(np.int8, np.uint8)
    floats = d.operator == "QuantizeLinear" and d.dtype(0, lambda t: t in (np.float32, np.float16))
    zero = d.numbers(scale, target, 0, 20)
    if d.operator == "DequantizeLinear":
        return [d.numbers(x, target, -100, 100), scales(d, scale), zero], attributes
    return [d.numbers(x, floats, -4, 4), scales(d, scale, floats if d.dtype(1) == floats else d.dtype(1)), zero], attributes


def dynamic(d):
    return [d.numbers(d.shape(1), np.float32)], {}, 3


def integers(d, shape, dtype):
    """All that the type holds, or small numbers only."""
    return d.numbers(shape, dtype, *d.pick((-9, 9), (-128, 255)))


def zero(d, shape, dtype):
    """Zero points, known more often than not."""
    return Known(d.numbers(shape, dtype, *d.pick((0, 0), (-3, 9), (-128, 255))))


def product_sizes(d):
    return d.pick(1, 1, 2, 5, 33), d.pick(1, 2, 3, 4, 6, 17, 40), d.pick(1, 3, 5, 16, 17, 70)


def matmul_integer(d):
    m, k, n = product_sizes(d)
    lead = d.shape(0, 1, (1, 2, 3))
    a, b = d.dtype(0), d.dtype(1)
    right = lead + [k, n] if d.chance(0.2) else [k, n]
    inputs = [integers(d, lead + [m, k], a), Known(integers(d, right, b))]
    if d.chance(0.6):
        inputs += [zero(d, [], a), zero(d, [n] if right == [k, n] and d.chance(0.3) else [], b)]
    return inputs, {}


def windows(d):
    """A convolution's window, groups, channels and filters; few of each, or a group for each channel."""
    w, groups = Windows(d, 2), d.pick(1, 1, 1, 2, 3, 17)
    each = (d.pick(1, 2, 3, 5, 17, 24), d.pick(1, 2, 3, 5, 17, 40)) if groups < 17 else d.pick((1, 1), (1, 2), (2, 1))
    return w, {**w.attributes, "group": groups}, groups * each[0], groups * each[1], each[0]


def conv_integer(d):
    w, attributes, channels, filters, each = windows(d)
    a, b = d.dtype(0), d.dtype(1)
    inputs = [integers(d, [d.integer(1, 2), channels, *w.space], a), Known(integers(d, [filters, each, *w.kernel], b))]
    if d.chance(0.6):
        inputs += [zero(d, [], a), zero(d, [], b)]
    return inputs, attributes


def result_scale(terms):
    """Of about what sums of so many products of bytes need; one for small numbers."""
    return np.asarray(2.0 ** np.round(np.log2(terms) + 5), np.float32)


def qlinear_matmul(d):
    m, k, n = product_sizes(d)
    kind = d.pick(np.int8, np.uint8)
    scalar = lambda: scales(d, [])
    return [integers(d, [m, k], kind), scalar(), zero(d, [], kind), Known(integers(d, [k, n], kind)), scalar(), zero(d, [], kind),
            d.pick(np.asarray(1, np.float32), result_scale(k)), d.numbers([], kind, 0, 5)], {}


def qlinear_conv(d):
    w, attributes, channels, filters, each = windows(d)
    kind = d.pick(np.int8, np.uint8)
    weights = [filters] if d.chance(0.5) else []
    inputs = [integers(d, [1, channels, *w.space], kind), scales(d, []), zero(d, [], kind), Known(integers(d, [filters, each, *w.kernel], kind)),
              scales(d, weights), np.zeros(weights, kind) if weights else zero(d, [], kind),
              d.pick(np.asarray(1, np.float32), result_scale(each * np.prod(w.kernel))), d.numbers([], kind, 0, 5)]
    if d.chance(0.5):
        inputs.append(d.numbers([filters], np.int32, -50, 50))
    return inputs, attributes


RECIPES = {"QuantizeLinear": quantize, "DequantizeLinear": quantize, "DynamicQuantizeLinear": dynamic, "MatMulInteger": matmul_integer,
           "ConvInteger": conv_integer, "QLinearMatMul": qlinear_matmul, "QLinearConv": qlinear_conv}
