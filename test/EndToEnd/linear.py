# linear.py - draws the linear operators that BatchNormalizations fold into, and the BatchNormalizations.
# SPDX-License-Identifier: Apache-2.0
"""Each function adds nodes behind a value and returns the new value, or None where the operator does not fit."""

import ml_dtypes
import numpy as np


def windows(graph, spatial, kernels=3):
    """Drawn kernel and, at times, strides and dilations."""
    kernel = [graph.integer(1, kernels) for _ in spatial]
    strides = [graph.integer(1, 2) for _ in spatial] if graph.chance(0.4) else [1] * len(spatial)
    dilations = [graph.integer(1, 2) for _ in spatial] if graph.chance(0.2) else [1] * len(spatial)
    return kernel, strides, dilations


def padding(graph, spatial, kernel, strides, dilations):
    """Attributes of the padding and the extents of the result."""
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    auto = graph.pick("", "", "", "", "SAME_UPPER", "SAME_LOWER", "VALID")
    if auto.startswith("SAME") and max(dilations) == 1:
        return {"auto_pad": auto}, [-(-n // s) for n, s in zip(spatial, strides)]
    pads = [graph.integer(0, 1) for _ in range(2 * len(spatial))] if auto == "" and graph.chance(0.6) else [0] * 2 * len(spatial)
    if graph.chance(0.3) and auto == "":  # the usual symmetric padding
        pads = [e // 2 for e in extents] * 2
    out = [(n + a + b - e) // s + 1 for n, a, b, e, s in zip(spatial, pads, pads[len(spatial):], extents, strides)]
    return {"auto_pad": "VALID"} if auto == "VALID" else {"pads": pads} if any(pads) or graph.chance(0.5) else {}, out


def attributes_of(graph, group, kernel, strides, dilations):
    attributes = {"kernel_shape": kernel} if graph.chance(0.8) else {}
    attributes |= {"group": group} if group > 1 or graph.chance(0.5) else {}
    attributes |= {"strides": strides} if max(strides) > 1 or graph.chance(0.3) else {}
    return attributes | ({"dilations": dilations} if max(dilations) > 1 or graph.chance(0.2) else {})


def pick_group(graph, channels):
    return graph.pick(*[g for g in (1, 1, 2, 3, channels) if channels % g == 0])


def conv(graph, x, filters=None, same=False):
    if len(x.shape) < 3 or len(x.shape) > 5:
        return None
    batch, channels, *spatial = x.shape
    group = pick_group(graph, channels)
    if filters is not None and filters % group:
        group = 1
    filters = filters or group * graph.integer(1, max(1, 8 // group))
    kernel, strides, dilations = windows(graph, spatial)
    if same:
        kernel, strides, dilations = [graph.pick(1, 3) for _ in spatial], [1] * len(spatial), [1] * len(spatial)
        pads, out = {"pads": [k // 2 for k in kernel] * 2}, spatial
    else:
        pads, out = padding(graph, spatial, kernel, strides, dilations)
    if min(out) < 1:
        return None
    fan = channels // group * int(np.prod(kernel))
    graph.summed = max(graph.summed, fan)
    inputs = [x.name, graph.weight(filters, channels // group, *kernel, axis=0, scale=fan**-0.5)]
    if graph.chance(0.5):
        inputs.append(graph.normal(filters))
    return graph.value(graph.node("Conv", inputs, **attributes_of(graph, group, kernel, strides, dilations), **pads), [batch, filters, *out], x)


def conv_transpose(graph, x):
    if len(x.shape) < 3 or len(x.shape) > 5 or max(x.shape[2:]) > 12:
        return None
    batch, channels, *spatial = x.shape
    group = pick_group(graph, channels)
    width = graph.integer(1, 3)
    kernel, strides, dilations = windows(graph, spatial, 2)
    pads = [graph.integer(0, 1) for _ in range(2 * len(spatial))] if graph.chance(0.4) else [0] * 2 * len(spatial)
    extra = [graph.integer(0, s - 1) for s in strides] if graph.chance(0.3) else [0] * len(spatial)
    out = [(n - 1) * s + e + (k - 1) * d + 1 - a - b
           for n, s, e, k, d, a, b in zip(spatial, strides, extra, kernel, dilations, pads, pads[len(spatial):])]
    if min(out) < 1:
        return None
    inputs = [x.name, graph.weight(channels, width, *kernel, axis=1, scale=(channels // group) ** -0.5)]
    if graph.chance(0.5):
        inputs.append(graph.normal(group * width))
    attributes = attributes_of(graph, group, kernel, strides, dilations) | {"pads": pads}
    if any(extra):
        attributes["output_padding"] = extra
    return graph.value(graph.node("ConvTranspose", inputs, **attributes), [batch, group * width, *out], x)


def gemm(graph, x):
    if len(x.shape) != 2:
        return None
    shape, width = list(x.shape), graph.integer(2, 7)
    trans_a, trans_b, constant_first = graph.chance(0.25), graph.chance(0.5), graph.chance(0.15)
    rows, inner = (shape[::-1] if trans_a else shape)
    attributes = {"transA": int(trans_a), "transB": int(trans_b)}
    if constant_first:  # constant · x
        inner, columns = shape[::-1] if trans_b else shape
        weight = graph.normal(*((inner, width) if trans_a else (width, inner)), scale=inner**-0.5)
        inputs, rows = [weight, x.name], width
    else:
        columns = width
        inputs = [x.name, graph.weight(*((columns, inner) if trans_b else (inner, columns)), axis=1 - trans_b, scale=inner**-0.5)]
    graph.summed = max(graph.summed, inner)
    forms = [(columns,), (1, columns), (1,), (rows, columns), (rows, 1)] + ([None, None] if graph.opset >= 11 else [])
    form = graph.pick(*forms)
    if form:
        inputs.append(graph.normal(*form))
    attributes |= {"alpha": graph.pick(0.5, -2.0)} if graph.chance(0.3) else {}
    attributes |= {"beta": graph.pick(0.5, 2.0, 0.0)} if graph.chance(0.3) else {}
    return graph.value(graph.node("Gemm", inputs, **attributes), [rows, columns], x)


def matmul(graph, x):
    rank = len(x.shape)
    if rank < 2:
        return None
    width, *batch = graph.integer(2, 7), *(x.shape[:-2] if graph.chance(0.15) else [])
    graph.summed = max(graph.summed, *x.shape[-2:])
    if graph.chance(0.25):
        weight = graph.normal(*batch, width, x.shape[-2], scale=x.shape[-2] ** -0.5)
        return graph.value(graph.node("MatMul", [weight, x.name]), [*x.shape[:-2], width, x.shape[-1]], x)
    weight = graph.normal(*batch, x.shape[-1], width, scale=x.shape[-1] ** -0.5)
    return graph.value(graph.node("MatMul", [x.name, weight]), [*x.shape[:-1], width], x)


def statistics(graph, channels):
    """Scale, offset, mean and variance as a trained or a broken network has them."""
    rng = graph.rng
    gamma = {"normal": rng.standard_normal(channels), "positive": rng.random(channels) + 0.2, "negative": -rng.random(channels) - 0.1,
             "zeros": rng.standard_normal(channels) * (rng.random(channels) < 0.6), "zero": np.zeros(channels)}
    variance = {"usual": rng.random(channels) + 0.3, "tiny": rng.random(channels) * 1e-6, "zero": np.zeros(channels),
                "some zeros": rng.random(channels) * (rng.random(channels) < 0.7),
                "negative": np.where(rng.random(channels) < 0.5, -1e-5, 1.0), "huge": np.full(channels, 1e5)}
    pick = graph.pick("usual", "usual", "usual", "usual", "usual", "usual", "tiny", "zero", "some zeros", "negative", "huge")
    return (gamma[graph.pick("normal", "normal", "normal", "positive", "positive", "negative", "zeros", "zero")],
            rng.standard_normal(channels), rng.standard_normal(channels) * 0.5, variance[pick])


def batch_norm(graph, x):
    if len(x.shape) < 2:
        return None
    shape = (x.shape[1],)
    attributes = {"epsilon": graph.pick(1e-5, 1e-3)} if graph.chance(0.7) else {}
    if graph.opset < 9 and graph.chance(0.05):
        attributes["spatial"], shape = 0, tuple(x.shape[1:])
    arrays = [a.reshape(shape) for a in statistics(graph, int(np.prod(shape)))]
    wide = graph.opset >= 15 and graph.dtype != np.float64 and graph.chance(0.1)  # parameters may be wider than the data
    narrow = np.float64 if graph.dtype == np.float32 else np.float32
    types = [graph.dtype] * 2 + [graph.dtype] * 2
    if wide:
        types = graph.pick([graph.dtype] * 2 + [narrow] * 2, [narrow] * 4)
    largest = float(ml_dtypes.finfo(np.dtype(types[3])).max)
    parameters = [graph.constant(np.minimum(a, largest).astype(t)) for a, t in zip(arrays, types)]
    if graph.opset >= 14 and graph.chance(0.03):
        name = graph.node("BatchNormalization", [x.name, *parameters], outputs=3, training_mode=1, **attributes)[0]
    else:
        name = graph.node("BatchNormalization", [x.name, *parameters], **attributes)
    return graph.value(name, x.shape, x)
