# products.py - matrix products, convolutions, pooling.
# SPDX-License-Identifier: Apache-2.0

import numpy as np


def matmul(d):
    m, k, n = (d.integer(1, 6) for _ in range(3))
    lead = d.shape(0, 2, (1, 2, 3))
    a, b = lead + [m, k], [1 if d.chance(0.3) else size for size in lead] + [k, n]
    b = b[d.integer(0, len(lead)):]
    kind = d.pick("both", "both", "row", "column")
    return [d.numbers([k] if kind == "row" else a), d.numbers([k] if kind == "column" else b)], {}


def gemm(d):
    m, k, n = (d.integer(1, 6) for _ in range(3))
    flags = {"transA": d.integer(0, 1), "transB": d.integer(0, 1)}
    a, b = [k, m] if flags["transA"] else [m, k], [n, k] if flags["transB"] else [k, n]
    inputs = [d.numbers(a), d.numbers(b)]
    if d.opset < 11 or d.chance(0.7):
        inputs.append(d.numbers(d.pick([n], [m, n], [m, 1], [1, n], [1])))
    integers = np.issubdtype(d.dtype(), np.integer)
    return inputs, {**flags, "alpha": 1.0 if integers else 0.5, "beta": 1.0 if integers else 1.5}


def einsum(d):
    i, j, k = 2, 3, 5
    equation, shapes = d.pick(("ij,jk->ik", [[i, j], [j, k]]), ("bij,bjk->bik", [[k, i, j], [k, j, i]]), ("ij->ji", [[i, j]]), ("ii->i", [[j, j]]),
                              ("ij->", [[i, j]]), ("i,j->ij", [[i], [j]]), ("...ij,...jk->...ik", [[k, i, j], [j, i]]), ("ij,ij->i", [[i, j], [i, j]]),
                              ("abc,cd,de->abe", [[i, j, k], [k, i], [i, j]]), ("bhwc,hkc->bhwk", [[i, j, k, i], [j, k, i]]), ("ij,jk", [[i, j], [j, k]]))
    return [d.numbers(shape) for shape in shapes], {"equation": equation}


class Windows:
    """Kernel, strides, dilations and padding for a spatial shape."""

    def __init__(self, d, rank, dilates=True):
        self.kernel = [d.integer(1, 3) for _ in range(rank)]
        self.strides = [d.integer(1, 3) for _ in range(rank)]
        self.dilations = [d.integer(1, 2) if dilates else 1 for _ in range(rank)]
        self.reach = [(k - 1) * e + 1 for k, e in zip(self.kernel, self.dilations)]
        self.space = [reach + d.integer(0, 5) for reach in self.reach]
        self.pads = [d.integer(0, reach - 1) if d.chance(0.5) else 0 for reach in self.reach * 2]
        self.attributes = {"kernel_shape": self.kernel, "strides": self.strides}
        if dilates:
            self.attributes["dilations"] = self.dilations
        if d.chance(0.25):
            self.attributes["auto_pad"] = d.pick("SAME_UPPER", "SAME_LOWER", "VALID")
            if self.attributes["auto_pad"] != "VALID":
                # A stride beyond the kernel would need a padding below zero: none, says TensorFlow; ONNX Runtime cuts the input.
                self.strides[:] = [min(s, k) for s, k in zip(self.strides, self.kernel)]
                self.attributes["dilations"] = [1] * rank
                if not dilates:
                    del self.attributes["dilations"]
        else:
            self.attributes["pads"] = self.pads


def conv(d):
    rank, groups = d.pick(1, 2, 2, 2, 3), d.pick(1, 1, 2, 3)
    w = Windows(d, rank)
    channels, filters = groups * d.pick(1, 2, 5), groups * d.pick(1, 2, 3)
    inputs = [d.numbers([d.integer(1, 2), channels, *w.space]), d.numbers([filters, channels // groups, *w.kernel])]
    if d.chance(0.6):
        inputs.append(d.numbers([filters]))
    return inputs, {**w.attributes, "group": groups}


def conv_transpose(d):
    rank, groups = d.pick(1, 2, 2, 3), d.pick(1, 1, 2)
    w = Windows(d, rank)
    if "auto_pad" in w.attributes:
        return None
    channels, filters = groups * d.integer(1, 3), groups * d.integer(1, 3)
    inputs = [d.numbers([d.integer(1, 2), channels, *w.space]), d.numbers([channels, filters // groups, *w.kernel])]
    if d.chance(0.6):
        inputs.append(d.numbers([filters]))
    extra = [d.integer(0, max(stride, dilation) - 1) for stride, dilation in zip(w.strides, w.dilations)]
    return inputs, {**w.attributes, "group": groups, "output_padding": [min(e, s - 1) for e, s in zip(extra, w.strides)]}


def pool(d):
    w = Windows(d, d.pick(1, 2, 2, 3), dilates=d.takes("dilations"))
    attributes = dict(w.attributes)
    if d.takes("ceil_mode") and "auto_pad" not in attributes:
        attributes["ceil_mode"] = d.integer(0, 1)
    if d.operator == "AveragePool" and d.takes("count_include_pad"):
        attributes["count_include_pad"] = d.integer(0, 1)
    if d.operator == "LpPool":
        attributes["p"] = d.integer(1, 2)
    x = d.numbers([d.integer(1, 2), d.integer(1, 5), *w.space], low=0.25 if d.operator == "LpPool" else -2)
    outputs = 2 if d.operator == "MaxPool" and d.chance(0.3) else 1
    if outputs == 2:  # places of equal numbers are anyone's
        count = x.size
        if count > 120:
            return None
        x = (d.rng.permutation(count).reshape(x.shape) - (0 if x.dtype.kind == "u" else count // 2)).astype(x.dtype)
    return [x], attributes, outputs


def max_unpool(d):
    """What a MaxPool of this window has left, with places of its own for each plane."""
    rank = d.pick(1, 2, 2)
    kernel = [d.integer(1, 3) for _ in range(rank)]
    x = d.numbers([d.integer(1, 2), d.integer(1, 5), *[d.integer(1, 5) for _ in range(rank)]])
    size = [(pooled - 1) * k + k for pooled, k in zip(x.shape[2:], kernel)]
    corners = np.indices(x.shape[2:]).reshape(rank, -1) * np.array(kernel)[:, None]
    planes = x.shape[0] * x.shape[1]
    inside = np.stack([d.rng.integers(0, k, (planes, corners.shape[1])) for k in kernel], 1)
    places = np.ravel_multi_index(tuple(np.moveaxis(corners + inside, 1, 0)), size) + np.arange(planes)[:, None] * int(np.prod(size))
    return [x, places.reshape(x.shape).astype(np.int64)], {"kernel_shape": kernel, "strides": kernel}


def global_pool(d):
    x = d.shape(3, 5, (1, 2, 3, 5))
    return [d.numbers(x, low=0.25)], {"p": d.integer(1, 2)} if d.operator == "GlobalLpPool" else {}


RECIPES = {"MatMul": matmul, "Gemm": gemm, "Einsum": einsum, "Conv": conv, "ConvTranspose": conv_transpose, "MaxPool": pool,
           "AveragePool": pool, "LpPool": pool, "MaxUnpool": max_unpool, "GlobalAveragePool": global_pool,
           "GlobalMaxPool": global_pool, "GlobalLpPool": global_pool}
