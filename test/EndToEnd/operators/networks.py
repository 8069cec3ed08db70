# networks.py - layers: normalizations, recurrences, attention, resizing, sampling, detection, signals, losses.
# SPDX-License-Identifier: Apache-2.0

import numpy as np


def channels(d, low=2, high=4):
    return [d.integer(1, 2), d.pick(2, 3, 4, 6), *d.shape(low - 2, high - 2, (1, 2, 3, 5))]


def batch_norm(d):
    x = channels(d)
    c = x[1:2]
    return [d.numbers(x), *(d.numbers(c, low=0.5 if i == 3 else -2) for i in range(4))], {"epsilon": 1 / 64}


def instance_norm(d):
    x = channels(d, 3)
    return [d.numbers(x), d.numbers(x[1:2]), d.numbers(x[1:2])], {"epsilon": 1 / 64}


def layer_norm(d):
    x = d.shape(1, 4, (2, 3, 5))
    axis = d.integer(-len(x), len(x) - 1)
    inputs = [d.numbers(x), d.numbers(x[axis:])]
    if d.operator == "LayerNormalization" and d.chance(0.6):
        inputs.append(d.numbers(x[axis:]))
    return inputs, {"axis": axis, "epsilon": 1 / 64}


def group_norm(d):
    x = channels(d, 3)
    groups = d.pick(*[g for g in (1, 2, 3) if x[1] % g == 0])
    size = [x[1] if d.opset >= 21 else groups]
    return [d.numbers(x), d.numbers(size), d.numbers(size)], {"num_groups": groups, "epsilon": 1 / 64}


def lrn(d):
    return [d.numbers(channels(d, 3))], {"size": d.pick(1, 3, 5), "alpha": 0.5, "beta": 0.75, "bias": 1.5}


def recurrent(d):
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[d.operator]
    steps, batch, features, hidden = d.pick(1, 2, 5, 200), d.integer(1, 3), d.integer(1, 4), d.integer(1, 5)
    direction = d.pick("forward", "reverse", "bidirectional")
    n = 2 if direction == "bidirectional" else 1
    numbers = lambda *shape: d.numbers(shape, low=-1, high=1)
    inputs = [numbers(steps, batch, features), numbers(n, gates * hidden, features), numbers(n, gates * hidden, hidden)]
    optional = [numbers(n, 2 * gates * hidden), d.rng.integers(1, steps + 1, batch).astype(np.int32), numbers(n, batch, hidden)]
    if d.operator == "LSTM":
        optional += [numbers(n, batch, hidden), numbers(n, 3 * hidden)]
    inputs += [value if d.chance(0.5) else None for value in optional]
    while inputs[-1] is None:
        inputs.pop()
    attributes = {"hidden_size": hidden, "direction": direction}
    if d.operator == "GRU":
        attributes["linear_before_reset"] = d.integer(0, 1)
    return inputs, attributes, d.integer(1, 3 if d.operator == "LSTM" else 2)


def attention(d):
    batch, heads, queries, keys, size = d.integer(1, 2), d.pick(2, 4), d.integer(1, 5), d.integer(1, 5), d.pick(2, 4)
    groups = d.pick(heads, 2)
    kind = d.dtype(0)
    d.types["T2"] = kind
    if d.chance(0.5):
        inputs = [d.numbers([batch, heads, queries, size]), d.numbers([batch, groups, keys, size]), d.numbers([batch, groups, keys, size])]
        attributes = {}
    else:
        inputs = [d.numbers([batch, queries, heads * size]), d.numbers([batch, keys, groups * size]), d.numbers([batch, keys, groups * size])]
        attributes = {"q_num_heads": heads, "kv_num_heads": groups}
    attributes["is_causal"] = d.integer(0, 1)
    if d.chance(0.4):
        inputs.append(d.numbers([queries, keys], kind))
    if d.chance(0.3):
        attributes["softcap"] = 2.0
    return inputs, attributes


def linear_attention(d):
    batch, length, keys, values, groups = d.integer(1, 2), d.integer(1, 5), d.pick(2, 4), d.pick(2, 3), d.integer(1, 2)
    heads, rule = groups * d.integer(1, 2), d.pick("linear", "gated", "delta", "gated_delta")
    small = dict(low=-0.5, high=0.5)
    inputs = [d.numbers([batch, length, heads * keys], **small), d.numbers([batch, length, groups * keys], **small),
              d.numbers([batch, length, groups * values])]
    inputs.append(d.numbers([batch, groups, keys, values], d.dtype(3)) if d.chance(0.5) else None)
    inputs.append(d.numbers([batch, length, groups], low=-1, high=0) if "gated" in rule else None)
    inputs.append(d.numbers([batch, length, groups], low=0, high=1) if "delta" in rule else None)
    while inputs[-1] is None:
        inputs.pop()
    return inputs, {"q_num_heads": heads, "kv_num_heads": groups, "update_rule": rule}, 2


def causal_conv(d):
    batch, channels, length, taps = d.integer(1, 2), d.integer(1, 20), d.integer(1, 9), d.integer(1, 4)
    inputs = [d.numbers([batch, channels, length]), d.numbers([channels, 1, taps])]
    inputs.append(d.numbers([channels]) if d.chance(0.5) else None)
    inputs.append(d.numbers([batch, channels, taps - 1]) if d.chance(0.5) else None)
    while inputs[-1] is None:
        inputs.pop()
    return inputs, {"activation": d.pick("none", "silu", "swish")}, 2


def resize(d):
    rank = d.pick(1, 2, 2)
    x = [1, d.integer(1, 2), *[d.integer(2, 5) for _ in range(rank)]]
    mode = d.pick("nearest", "linear", "cubic") if rank == 2 else d.pick("nearest", "linear")
    attributes = {"mode": mode, "coordinate_transformation_mode": d.pick("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"),
                  "nearest_mode": d.pick("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")}
    if d.takes("antialias") and mode != "nearest" and d.chance(0.3):
        attributes["antialias"] = 1
    if d.opset < 11:
        return None
    roi = np.zeros([0], np.float32) if d.opset < 13 else None
    if d.chance(0.5):
        return [d.numbers(x), roi, None if d.opset >= 13 else np.zeros([0], np.float32),
                d.known([1 if i < 0 else size for i, size in enumerate(x[:2])] + [d.integer(1, 9) for _ in range(rank)])], attributes
    return [d.numbers(x), roi, d.known([1.0, 1.0] + [d.pick(0.5, 1.0, 1.5, 2.0, 2.5, 3.0) for _ in range(rank)], np.float32)], attributes


def upsample(d):
    if d.opset > 9:
        return None
    inputs, attributes = [d.numbers([1, 2, d.integer(1, 4), d.integer(1, 4)])], {"mode": d.pick("nearest", "linear")}
    scale = [1.0, 1.0, float(d.integer(1, 3)), float(d.integer(1, 3))]
    if d.takes("scales"):
        attributes["scales"] = scale
    else:
        inputs.append(d.known(scale, np.float32))
    return inputs, attributes


def grid_sample(d):
    n, rank = d.integer(1, 2), 2
    size, out = [d.integer(2, 5) for _ in range(rank)], [d.integer(1, 4) for _ in range(rank)]
    modes = ("linear", "nearest", "cubic") if d.opset >= 20 else ("bilinear", "nearest", "bicubic")
    grid = d.numbers([n, *out, rank], d.dtype(1), -1.25, 1.25) + np.asarray(1 / 64, d.dtype(1))  # no ties
    return [d.numbers([n, d.integer(1, 3), *size]), grid.astype(d.dtype(1))], {
        "mode": d.pick(*modes), "padding_mode": d.pick("zeros", "border", "reflection"), "align_corners": d.integer(0, 1)}


def affine_grid(d):
    n = d.integer(1, 2)
    return [d.numbers([n, 2, 3]), d.known([n, 1, d.integer(2, 5), d.integer(2, 5)])], {"align_corners": d.integer(0, 1)}


def roi_align(d):
    x = [d.integer(1, 2), d.integer(1, 3), 7, 9]
    count = d.integer(1, 3)
    corners = np.sort(d.rng.integers(0, 13, (count, 2, 2)) / 2, axis=1) + [[[0, 0], [1, 1]]]
    attributes = {"output_height": d.integer(1, 3), "output_width": d.integer(1, 3), "sampling_ratio": d.integer(1, 3), "mode": d.pick("avg", "max"),
                  "spatial_scale": d.pick(1.0, 0.5)}
    if d.takes("coordinate_transformation_mode"):
        attributes["coordinate_transformation_mode"] = d.pick("half_pixel", "output_half_pixel")
    return [d.numbers(x), corners.reshape(count, 4).astype(d.dtype()), d.rng.integers(0, x[0], count).astype(np.int64)], attributes


def max_roi_pool(d):
    x = [d.integer(1, 2), d.integer(1, 3), 7, 9]
    count = d.integer(1, 3)
    corners = np.sort(d.rng.integers(0, 7, (count, 2, 2)), axis=1).reshape(count, 4)
    rois = np.concatenate([d.rng.integers(0, x[0], (count, 1)), corners], axis=1).astype(d.dtype())
    return [d.numbers(x), rois], {"pooled_shape": [d.integer(1, 3), d.integer(1, 3)]}


def non_max_suppression(d):
    batches, classes, boxes = d.integer(1, 2), d.integer(1, 3), d.integer(1, 12)
    corners = d.rng.random((batches, boxes, 4)).astype(np.float32)
    scores = d.rng.permutation(batches * classes * boxes).reshape(batches, classes, boxes).astype(np.float32) / 100
    inputs = [corners, scores, d.known(np.asarray([d.integer(0, 5)])), d.known(np.asarray([d.pick(0.1, 0.5)], np.float32), np.float32)]
    if d.chance(0.5):
        inputs.append(d.known(np.asarray([0.1], np.float32), np.float32))
    return inputs, {"center_point_box": d.integer(0, 1)}


def dft(d):
    x = [d.integer(1, 2), *d.shape(1, 2, (2, 3, 4, 5, 8)), 1]
    inverse, onesided = d.integer(0, 1), d.integer(0, 1)
    if inverse or not onesided:
        x[-1] = d.integer(1, 2)
        onesided = 0
    axis = d.integer(1, len(x) - 2)
    length = None if d.chance(0.6) else d.known(np.asarray(d.integer(2, 8)))
    attributes = {"inverse": inverse, "onesided": onesided}
    if d.takes("axis"):
        return [d.numbers(x), length], {**attributes, "axis": axis}
    return [d.numbers(x), length, d.known(np.asarray(axis))], attributes


def stft(d):
    size, step = d.pick(4, 6, 8), d.integer(1, 4)
    kind = d.dtype(0)
    return [d.numbers([d.integer(1, 2), size + d.integer(0, 9), 1]), d.known(np.asarray(step)), d.numbers([size], kind, 0, 1)], {"onesided": d.integer(0, 1)}


def window(d):
    return [d.known(np.asarray(d.integer(2, 12)))], {"periodic": d.integer(0, 1)}


def mel(d):
    scalar = lambda value, dtype: d.known(np.asarray(value, dtype), dtype)
    return [scalar(d.integer(2, 6), np.int64), scalar(d.pick(16, 32), np.int64), scalar(8000, np.int64), scalar(0.0, np.float32),
            scalar(4000.0, np.float32)], {}


def loss(d):
    x = [d.integer(1, 3), d.integer(2, 5), *d.shape(0, 2, (1, 2, 3))]
    labels = d.rng.integers(0, x[1], x[:1] + x[2:]).astype(d.pick(np.int32, np.int64))
    inputs = [d.numbers(x), labels]
    if d.chance(0.5):
        inputs.append(d.numbers(x[1:2], low=0.5))
    attributes = {"reduction": d.pick("none", "sum", "mean")}
    if d.chance(0.3):
        attributes["ignore_index"] = d.integer(0, x[1] - 1)
    return inputs, attributes, d.integer(1, 2) if d.operator == "SoftmaxCrossEntropyLoss" else 1


def det(d):
    n = d.integer(1, 4)
    return [d.numbers(d.shape(0, 2, (1, 2, 3)) + [n, n])], {}


def col2im(d):
    image, block = [d.integer(3, 6), d.integer(3, 6)], [d.integer(1, 3), d.integer(1, 3)]
    strides, pads = [d.integer(1, 2), d.integer(1, 2)], [d.integer(0, 1) for _ in range(4)]
    count = np.prod([(i + pads[k] + pads[k + 2] - b) // s + 1 for k, (i, b, s) in enumerate(zip(image, block, strides))])
    return [d.numbers([d.integer(1, 2), d.integer(1, 3) * int(np.prod(block)), int(count)]), d.known(image), d.known(block)], {
        "strides": strides, "pads": pads}


def deform_conv(d):
    kernel, groups, moved, out = [d.integer(1, 3), d.integer(1, 3)], d.integer(1, 2), d.integer(1, 2), [d.integer(1, 4), d.integer(1, 4)]
    strides, dilations, pads = [d.integer(1, 2), d.integer(1, 2)], [1, 1], [d.integer(0, 1) for _ in range(4)]
    space = [(o - 1) * s + k - pads[i] - pads[i + 2] for i, (o, s, k) in enumerate(zip(out, strides, kernel))]
    if min(space) < 1:
        return None
    batch, channels, filters, taps = d.integer(1, 2), 2 * d.integer(1, 2), groups * d.integer(1, 3), int(np.prod(kernel))
    inputs = [d.numbers([batch, channels, *space]), d.numbers([filters, channels // groups, *kernel]),
              d.numbers([batch, moved * taps * 2, *out], low=-1, high=1)]
    if d.chance(0.5):
        inputs.append(d.numbers([filters]))
        if d.chance(0.5):
            inputs.append(d.numbers([batch, moved * taps, *out], low=0, high=1))
    return inputs, {"strides": strides, "dilations": dilations, "pads": pads, "group": groups, "offset_group": moved, "kernel_shape": kernel}


def tensor_scatter(d):
    cache = [d.integer(1, 3), *d.shape(1, 2, (3, 5, 7)), d.integer(1, 3)]
    update, size, mode = list(cache), cache[-2], d.pick("linear", "circular")
    update[-2] = d.integer(1, size)
    inputs = [d.numbers(cache), d.numbers(update)]
    if d.chance(0.7):
        inputs.append(d.rng.integers(0, size - update[-2] + 1 if mode == "linear" else size, cache[0]).astype(np.int64))
    return inputs, {"mode": mode}


def rotary(d):
    batch, heads, steps, size = d.integer(1, 2), d.integer(1, 3), d.integer(1, 4), d.pick(4, 6, 8)
    kind = d.dtype(0)
    places = d.rng.integers(0, 7, (batch, steps)).astype(np.int64)
    tables = [d.numbers([7, size // 2], kind), d.numbers([7, size // 2], kind)]
    return [d.numbers([batch, heads, steps, size]), *tables, places], {"interleaved": d.integer(0, 1)}


RECIPES = {"BatchNormalization": batch_norm, "InstanceNormalization": instance_norm, "LayerNormalization": layer_norm,
           "RMSNormalization": layer_norm, "GroupNormalization": group_norm, "LRN": lrn, "RNN": recurrent, "GRU": recurrent, "LSTM": recurrent,
           "Attention": attention, "LinearAttention": linear_attention, "CausalConvWithState": causal_conv, "Resize": resize, "Upsample": upsample, "GridSample": grid_sample, "AffineGrid": affine_grid,
           "RoiAlign": roi_align, "MaxRoiPool": max_roi_pool, "NonMaxSuppression": non_max_suppression, "DFT": dft, "STFT": stft,
           "HannWindow": window, "HammingWindow": window, "BlackmanWindow": window, "MelWeightMatrix": mel,
           "NegativeLogLikelihoodLoss": loss, "SoftmaxCrossEntropyLoss": loss, "Det": det, "Col2Im": col2im,
           "DeformConv": deform_conv, "TensorScatter": tensor_scatter, "RotaryEmbedding": rotary}
