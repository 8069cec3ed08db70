# elementwise.py - operators of one element, and of several with broadcasting.
# SPDX-License-Identifier: Apache-2.0

import ml_dtypes
import numpy as np

DOMAINS = {"Acos": (-1, 1), "Asin": (-1, 1), "Atanh": (-0.9, 0.9), "Acosh": (1, 4), "Log": (0.1, 4), "Sqrt": (0, 4), "Reciprocal": (0.5, 4)}
UNARY = ("Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity "
         "LeakyRelu Log Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh "
         "ThresholdedRelu").split()
BINARY = ("Add Sub Mul And Or Xor BitwiseAnd BitwiseOr BitwiseXor Equal Less Greater LessOrEqual GreaterOrEqual").split()
VARIADIC = ("Max", "Min", "Mean", "Sum")


def with_infinities(d, x):
    if x.size and (x.dtype == ml_dtypes.bfloat16 or x.dtype.kind == "f"):
        x.flat[d.integer(0, x.size - 1)] = d.pick(np.inf, -np.inf, np.nan)
    return x


def broadcast_shapes(d, count):
    """Shapes that broadcast to one, of all ranks."""
    whole = d.shape(0 if d.chance(0.2) else 1)
    shapes = [[1 if d.chance(0.25) else size for size in whole[d.integer(0, len(whole)) if d.chance(0.3) else 0:]] for _ in range(count)]
    shapes[d.integer(0, count - 1)] = whole
    return shapes


def float_attributes(d):
    """Numbers for the float attributes, most of the time."""
    return {name: d.integer(1, 24) / 16 for name, attribute in d.schema.attributes.items()
            if attribute.type.name == "FLOAT" and d.chance(0.7)}


def unary(d):
    low, high = DOMAINS.get(d.operator, (-3, 3))
    attributes = float_attributes(d)
    if d.operator == "Gelu":
        attributes["approximate"] = d.pick("none", "tanh")
    return [d.numbers(d.shape(0), low=low, high=high)], attributes


def is_kind(d):
    attributes = {"detect_negative": d.integer(0, 1), "detect_positive": d.integer(0, 1)} if d.operator == "IsInf" else {}
    return [with_infinities(d, d.numbers(d.shape()))], attributes


def binary(d):
    return [d.numbers(shape) for shape in broadcast_shapes(d, 2)], {}


def variadic(d):
    shapes = broadcast_shapes(d, d.integer(1, 4))
    return [d.numbers(shape if d.opset >= 8 else max(shapes, key=len)) for shape in shapes], {}


def divide(d):
    a, b = broadcast_shapes(d, 2)
    divisor = d.numbers(b, low=-5, high=5)
    divisor = np.where(divisor == 0, np.asarray(3, divisor.dtype), divisor)
    x = d.numbers(a, low=-20, high=20)
    fmod = int(divisor.dtype == ml_dtypes.bfloat16 or divisor.dtype.kind == "f" or d.chance(0.3))
    return [x, divisor], {"fmod": fmod} if d.operator == "Mod" else {}


def power(d):
    a, b = broadcast_shapes(d, 2)
    base, exponent = d.dtype(0), d.dtype(1)
    return [d.numbers(a, base, 1, 3), d.numbers(b, exponent, 0 if np.issubdtype(base, np.integer) else -2, 3)], {}


def shift(d):
    a, b = broadcast_shapes(d, 2)
    return [d.numbers(a, high=100), d.numbers(b, low=0, high=9)], {"direction": d.pick("LEFT", "RIGHT")}


def where(d):
    shapes = broadcast_shapes(d, 3)
    return [d.numbers(shapes[0], np.bool_), d.numbers(shapes[1], d.dtype(1)), d.numbers(shapes[2], d.dtype(1))], {}


def prelu(d):
    x = d.shape(2, 4)
    slope = d.pick(x, [1], [x[1]] + [1] * (len(x) - 2), x[-1:])
    return [d.numbers(x), d.numbers(slope)], {}


def clip(d):
    x = d.numbers(d.shape(), low=-5, high=5)
    if d.takes("min"):
        return [x], {"min": -1.5, "max": 2.5}
    bounds = [np.asarray(bound, x.dtype) if d.chance(0.7) else None for bound in (0 if x.dtype.kind == "u" else -1, 2)]
    return [x, *bounds], {}


def dropout(d):
    return [d.numbers(d.shape())], {}, d.integer(1, 2) if d.opset >= 12 else 1


RECIPES = {**{name: unary for name in UNARY}, **{name: binary for name in BINARY}, **{name: variadic for name in VARIADIC},
           "IsInf": is_kind, "IsNaN": is_kind, "Div": divide, "Mod": divide, "Pow": power, "BitShift": shift, "Where": where,
           "PRelu": prelu, "Clip": clip, "Dropout": dropout}
