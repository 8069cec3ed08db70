# quantized.py - operators on quantized numbers.
# SPDX-License-Identifier: Apache-2.0

import numpy as np

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


def matmul_integer(d):
    m, k, n = (d.integer(1, 6) for _ in range(3))
    lead = d.shape(0, 1, (1, 2, 3))
    a, b = d.dtype(0), d.dtype(1)
    inputs = [d.numbers(lead + [m, k], a, -9, 9), d.numbers([k, n], b, -9, 9)]
    if d.chance(0.6):
        inputs += [d.numbers([], a, -3, 9), d.numbers([], b, -3, 9)]
    return inputs, {}


def conv_integer(d):
    w = Windows(d, 2)
    a, b = d.dtype(0), d.dtype(1)
    channels, filters = d.integer(1, 3), d.integer(1, 3)
    inputs = [d.numbers([1, channels, *w.space], a, -9, 9), d.numbers([filters, channels, *w.kernel], b, -9, 9)]
    if d.chance(0.6):
        inputs += [d.numbers([], a, -3, 9), d.numbers([], b, -3, 9)]
    return inputs, w.attributes


def qlinear_matmul(d):
    m, k, n = (d.integer(1, 6) for _ in range(3))
    kind = d.pick(np.int8, np.uint8)
    scalar = lambda: scales(d, [])
    return [d.numbers([m, k], kind, -9, 9), scalar(), d.numbers([], kind, 0, 5), d.numbers([k, n], kind, -9, 9), scalar(),
            d.numbers([], kind, 0, 5), np.asarray(1, np.float32), d.numbers([], kind, 0, 5)], {}


def qlinear_conv(d):
    w = Windows(d, 2)
    channels, filters, kind = d.integer(1, 3), d.integer(1, 3), d.pick(np.int8, np.uint8)
    weights = [filters] if d.chance(0.5) else []
    inputs = [d.numbers([1, channels, *w.space], kind, -9, 9), scales(d, []), d.numbers([], kind, 0, 5),
              d.numbers([filters, channels, *w.kernel], kind, -9, 9), scales(d, weights), np.zeros(weights, kind),
              np.asarray(1, np.float32), d.numbers([], kind, 0, 5)]
    if d.chance(0.5):
        inputs.append(d.numbers([filters], np.int32, -50, 50))
    return inputs, w.attributes


RECIPES = {"QuantizeLinear": quantize, "DequantizeLinear": quantize, "DynamicQuantizeLinear": dynamic, "MatMulInteger": matmul_integer,
           "ConvInteger": conv_integer, "QLinearMatMul": qlinear_matmul, "QLinearConv": qlinear_conv}
