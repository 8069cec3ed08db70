# operator_cases.py - the nodes that operators.py measures: every category of the standard on sizes that networks have.
# SPDX-License-Identifier: Apache-2.0
#
# A case is (operator, inputs, constants, attributes, number of results, opset). An input is a shape, whose values are drawn
# between 0 and 1, or an array; a constant is an array, or "" for one that is absent.
import numpy as np

RNG = np.random.default_rng(0)
OPSET = 20
IMAGE, MATRIX = (1, 64, 128, 128), (1024, 1024)


def case(operator, inputs, constants=(), attributes=None, results=1, opset=OPSET):
    return operator, list(inputs), list(constants), attributes or {}, results, opset


def weights(*shape):
    return (RNG.standard_normal(shape) * 0.1).astype(np.float32)


def ints(*values):
    return np.asarray(values, np.int64)


def floats(*values):
    return np.asarray(values, np.float32)


def draw(kind, shape, low=0, high=100):
    return RNG.integers(low, high, shape).astype(kind)


def conv(x, filters, kernel, stride=1, group=1, dilation=1):
    rank, pad = len(x) - 2, kernel // 2 * dilation
    return case("Conv", [x], [weights(filters, x[1] // group, *[kernel] * rank), weights(filters)],
                {"strides": [stride] * rank, "pads": [pad] * 2 * rank, "group": group, "kernel_shape": [kernel] * rank, "dilations": [dilation] * rank})


def pool(operator, x, kernel, stride, pad, results=1, **attributes):
    rank = len(x) - 2
    return case(operator, [x], [], {"kernel_shape": [kernel] * rank, "strides": [stride] * rank, "pads": [pad] * 2 * rank, **attributes}, results)


def recurrent(operator, gates, steps, batch, size, hidden, directions=1):
    attributes = {"hidden_size": hidden, "direction": "bidirectional" if directions == 2 else "forward"}
    return case(operator, [(steps, batch, size)],
                [weights(directions, gates * hidden, size), weights(directions, gates * hidden, hidden), weights(directions, 2 * gates * hidden)], attributes)


def resize(x, scale, **attributes):
    return case("Resize", [x], ["", floats(1, 1, scale, scale)], attributes)


def boxes(count, size):
    corners = RNG.random((count, 2)) * size
    return np.concatenate([corners, corners + 1 + RNG.random((count, 2)) * size / 8], axis=1).astype(np.float32)


def sampled(**attributes):
    return case("GridSample", [(1, 32, 64, 64), RNG.random((1, 64, 64, 2), np.float32) * 2.2 - 1.1], [], attributes)


def quantized_conv(operator, filters=64):
    x, w, zero, scale = draw(np.uint8, (1, 64, 56, 56), 0, 255), draw(np.int8, (filters, 64, 3, 3), -127, 127), np.uint8(0), np.float32(0.02)
    attributes = {"kernel_shape": [3, 3], "pads": [1] * 4}
    if operator == "ConvInteger":
        return case(operator, [x], [w], attributes)
    return case(operator, [x], [scale, zero, w, scale, np.int8(0), np.float32(2), zero], attributes)


CONVOLUTIONS = {
    "conv 3×3, 64, 56×56": conv((1, 64, 56, 56), 64, 3), "conv 3×3, 256, 14×14": conv((1, 256, 14, 14), 256, 3),
    "conv 1×1, 64 to 256, 56×56": conv((1, 64, 56, 56), 256, 1), "conv 1×1, 512, 14×14": conv((1, 512, 14, 14), 512, 1),
    "conv 3×3 by 2, 128, 56×56": conv((1, 128, 56, 56), 128, 3, 2), "conv 7×7 by 2, 3 to 64, 224×224": conv((1, 3, 224, 224), 64, 7, 2),
    "conv 3×3, 32 groups of 4, 56×56": conv((1, 128, 56, 56), 128, 3, 1, 32), "conv 3×3 dilated by 2, 64, 56×56": conv((1, 64, 56, 56), 64, 3, 1, 1, 2),
    "depthwise 3×3, 96, 112×112": conv((1, 96, 112, 112), 96, 3, 1, 96), "depthwise 5×5, 240, 28×28": conv((1, 240, 28, 28), 240, 5, 1, 240),
    "conv of 3, 64, 4096": conv((1, 64, 4096), 64, 3), "conv 3×3×3, 16, 16×32×32": conv((1, 16, 16, 32, 32), 16, 3),
    "transposed conv 2×2 by 2, 64, 56×56": case("ConvTranspose", [(1, 64, 56, 56)], [weights(64, 64, 2, 2), weights(64)], {"strides": [2, 2]}),
    "transposed conv 4×4 by 2, 64, 28×28": case("ConvTranspose", [(1, 64, 28, 28)], [weights(64, 64, 4, 4)], {"strides": [2, 2], "pads": [1] * 4}),
    "deformable conv 3×3, 32, 28×28": case("DeformConv", [(1, 32, 28, 28)], [weights(32, 32, 3, 3), weights(1, 18, 28, 28)], {"pads": [1] * 4, "kernel_shape": [3, 3]}),
    "quantized conv 3×3, 64, 56×56": quantized_conv("QLinearConv"), "integer conv 3×3, 64, 56×56": quantized_conv("ConvInteger"),
    "patches to image 4×4, 16, 64×64": case("Col2Im", [(1, 256, 256)], [ints(64, 64), ints(4, 4)], {"strides": [4, 4]}),
}
PRODUCTS = {
    "matmul 128×768 · 768×3072": case("MatMul", [(128, 768)], [weights(768, 3072)]), "matmul 512×512 · 512×512, both inputs": case("MatMul", [(512, 512), (512, 512)]),
    "matmul 12 × 128×64 · 64×128": case("MatMul", [(12, 128, 64), (12, 64, 128)]), "matmul 1×1024 · 1024×1024": case("MatMul", [(1, 1024)], [weights(1024, 1024)]),
    "matmul f64 256×256": case("MatMul", [RNG.random((256, 256)), RNG.random((256, 256))]), "gemm 64×1024 · 1024×1000": case("Gemm", [(64, 1024)], [weights(1024, 1000), weights(1000)]),
    "gemm transposed 256×256": case("Gemm", [(256, 256), (256, 256)], [], {"transA": 1, "transB": 1, "alpha": 0.5}),
    "einsum bhid,bhjd to bhij": case("Einsum", [(1, 12, 128, 64), (1, 12, 128, 64)], [], {"equation": "bhid,bhjd->bhij"}),
    "integer matmul 128×768 · 768×768": case("MatMulInteger", [draw(np.uint8, (128, 768), 0, 255)], [draw(np.int8, (768, 768), -127, 127)]),
    "quantized matmul 128×768 · 768×768": case("QLinearMatMul", [draw(np.uint8, (128, 768), 0, 255)], [
        np.float32(0.02), np.uint8(0), draw(np.int8, (768, 768), -127, 127), np.float32(0.02), np.int8(0), np.float32(2), np.uint8(128)]),
    "attention 12 × 128×64": case("Attention", [(1, 12, 128, 64)] * 3, opset=23),
}
UNARY = {"Abs": {}, "Neg": {}, "Ceil": {}, "Floor": {}, "Round": {}, "Sign": {}, "Sqrt": {}, "Reciprocal": {}, "Exp": {}, "Log": {}, "Sin": {}, "Cos": {},
         "Tan": {}, "Asin": {}, "Acos": {}, "Atan": {}, "Sinh": {}, "Cosh": {}, "Asinh": {}, "Atanh": {}, "Erf": {}, "Sigmoid": {}, "Tanh": {}, "Relu": {},
         "LeakyRelu": {}, "Elu": {}, "Selu": {}, "Celu": {"alpha": 0.5}, "Softplus": {}, "Softsign": {}, "HardSigmoid": {}, "HardSwish": {}, "ThresholdedRelu": {},
         "Gelu": {}, "Mish": {}, "Shrink": {}, "IsNaN": {}, "IsInf": {}}
ELEMENTWISE = {f"{name.lower()} 1M": case(name, [IMAGE], [], attributes) for name, attributes in UNARY.items()} | {
    f"{name.lower()} 1M": case(name, [IMAGE, IMAGE]) for name in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Less", "Equal", "PRelu")} | {
    "acosh 1M": case("Acosh", [1 + RNG.random(IMAGE, np.float32)]), "gelu by tanh 1M": case("Gelu", [IMAGE], [], {"approximate": "tanh"}),
    "pow 2.5 1M": case("Pow", [IMAGE], [np.float32(2.5)]), "add channels 1M": case("Add", [IMAGE], [weights(64, 1, 1)]), "add rows 1M": case("Add", [IMAGE], [weights(128)]),
    "clip 1M": case("Clip", [IMAGE], [np.float32(0.2), np.float32(0.8)]), "sum of 3 1M": case("Sum", [IMAGE] * 3), "mean of 3 1M": case("Mean", [IMAGE] * 3),
    "where 1M": case("Where", [draw(bool, IMAGE, 0, 2), IMAGE, IMAGE]), "and 1M": case("And", [draw(bool, IMAGE, 0, 2), draw(bool, IMAGE, 0, 2)]),
    "not 1M": case("Not", [draw(bool, IMAGE, 0, 2)]), "add i64 1M": case("Add", [draw(np.int64, IMAGE), draw(np.int64, IMAGE)]),
    "div i32 1M": case("Div", [draw(np.int32, IMAGE), draw(np.int32, IMAGE, 1)]), "mod i64 1M": case("Mod", [draw(np.int64, IMAGE), draw(np.int64, IMAGE, 1)]),
    "fmod 1M": case("Mod", [IMAGE, 0.1 + RNG.random(IMAGE, np.float32)], [], {"fmod": 1}), "bitwise and i32 1M": case("BitwiseAnd", [draw(np.int32, IMAGE), draw(np.int32, IMAGE)]),
    "bit shift u8 1M": case("BitShift", [draw(np.uint8, IMAGE), draw(np.uint8, IMAGE, 0, 7)], [], {"direction": "LEFT"}),
    "cast f32 to i32 1M": case("Cast", [IMAGE], [], {"to": 6}), "cast f32 to f16 1M": case("Cast", [IMAGE], [], {"to": 10}), "cast f16 to f32 1M": case("Cast", [RNG.random(IMAGE, np.float32).astype(np.float16)], [], {"to": 1}),
    "cast i64 to f32 1M": case("Cast", [draw(np.int64, IMAGE)], [], {"to": 1}), "cast u8 to f32 1M": case("Cast", [draw(np.uint8, IMAGE)], [], {"to": 1}),
    "cast f32 to bool 1M": case("Cast", [IMAGE], [], {"to": 9}),
}
REDUCTIONS = {f"{name[6:].lower()} of rows 1024×1024": case(name, [MATRIX], [ints(-1)], {"keepdims": 0}) for name in (
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp")} | {
    "mean of images 64×128×128": case("ReduceMean", [IMAGE], [ints(2, 3)]), "max of columns 1024×1024": case("ReduceMax", [MATRIX], [ints(0)]),
    "sum of columns 1024×1024": case("ReduceSum", [MATRIX], [ints(0)]), "sum of all 1M": case("ReduceSum", [MATRIX]), "max of channels 64×128×128": case("ReduceMax", [IMAGE], [ints(1)]),
    "argmax of rows 1024×1024": case("ArgMax", [MATRIX], [], {"axis": 1}), "argmin of columns 1024×1024": case("ArgMin", [MATRIX], [], {"axis": 0}),
    "argmax of channels 21×128×128": case("ArgMax", [(1, 21, 128, 128)], [], {"axis": 1}), "cumsum 1024×1024": case("CumSum", [MATRIX], [np.int64(1)]),
    "cumsum of columns 1024×1024": case("CumSum", [MATRIX], [np.int64(0)]),
    "softmax 1024×1024": case("Softmax", [MATRIX]), "softmax 64×1000": case("Softmax", [(64, 1000)]), "softmax of channels 21×128×128": case("Softmax", [(1, 21, 128, 128)], [], {"axis": 1}),
    "softmax 12×128×128": case("Softmax", [(12, 128, 128)]), "log softmax 1024×1024": case("LogSoftmax", [MATRIX]), "hardmax 1024×1024": case("Hardmax", [MATRIX]),
    "cross entropy 256×1000": case("SoftmaxCrossEntropyLoss", [(256, 1000), draw(np.int64, 256, 0, 1000)]),
    "likelihood loss 256×1000": case("NegativeLogLikelihoodLoss", [(256, 1000), draw(np.int64, 256, 0, 1000)]),
}
NORMALIZATIONS = {
    "layer norm 128×768": case("LayerNormalization", [(128, 768)], [weights(768), weights(768)]), "layer norm 1024×1024": case("LayerNormalization", [MATRIX], [weights(1024), weights(1024)]),
    "rms norm 128×768": case("RMSNormalization", [(128, 768)], [weights(768)], opset=23), "instance norm 64×128×128": case("InstanceNormalization", [IMAGE], [weights(64), weights(64)]),
    "group norm 32 of 64×128×128": case("GroupNormalization", [IMAGE], [weights(64), weights(64)], {"num_groups": 32}, opset=21),
    "batch norm 64×128×128": case("BatchNormalization", [IMAGE], [weights(64), weights(64), weights(64), 1 + RNG.random(64, np.float32)]),
    "local response norm 64×56×56": case("LRN", [(1, 64, 56, 56)], [], {"size": 5}), "l2 norm 1024×1024": case("LpNormalization", [MATRIX]),
    "mean variance norm 64×56×56": case("MeanVarianceNormalization", [(1, 64, 56, 56)]),
}
POOLS = {
    "max pool 3×3 by 2, 64, 112×112": pool("MaxPool", (1, 64, 112, 112), 3, 2, 1), "max pool 2×2 by 2, 64, 112×112": pool("MaxPool", (1, 64, 112, 112), 2, 2, 0),
    "max pool with places, 64, 112×112": pool("MaxPool", (1, 64, 112, 112), 2, 2, 0, 2), "max pool 5×5, 128, 20×20": pool("MaxPool", (1, 128, 20, 20), 5, 1, 2),
    "max pool of 3, 64, 4096": pool("MaxPool", (1, 64, 4096), 3, 2, 1), "average pool 3×3, 64, 56×56": pool("AveragePool", (1, 64, 56, 56), 3, 1, 1),
    "l2 pool 3×3 by 2, 64, 56×56": pool("LpPool", (1, 64, 56, 56), 3, 2, 1), "average pool 56×56, 256": case("GlobalAveragePool", [(1, 256, 56, 56)]),
    "global max pool 56×56, 256": case("GlobalMaxPool", [(1, 256, 56, 56)]),
    "max unpool 2×2, 64, 56×56": case("MaxUnpool", [(1, 64, 56, 56), (np.arange(64 * 56 * 56).reshape(1, 64, 56, 56) * 4)], [], {"kernel_shape": [2, 2], "strides": [2, 2]}),
}
IMAGES = {
    "resize linear by 2, 64×56×56": resize((1, 64, 56, 56), 2, mode="linear"), "resize nearest by 2, 64×56×56": resize((1, 64, 56, 56), 2, mode="nearest"),
    "resize cubic by 2, 32×56×56": resize((1, 32, 56, 56), 2, mode="cubic"), "resize nearest by 1.5, 64×56×56": resize((1, 64, 56, 56), 1.5, mode="nearest"),
    "resize linear by 0.5, 3×448×448": resize((1, 3, 448, 448), 0.5, mode="linear"), "resize linear by 0.3, smoothed, 3×448×448": resize((1, 3, 448, 448), 0.3, mode="linear", antialias=1),
    "grid sample linear 32×64×64": sampled(), "grid sample nearest 32×64×64": sampled(mode="nearest", padding_mode="border"),
    "grid sample cubic 32×64×64": sampled(mode="cubic", padding_mode="reflection"), "affine grid 128×128": case("AffineGrid", [(1, 2, 3)], [ints(1, 3, 128, 128)]),
    "suppression of 1000 boxes, 1 class": case("NonMaxSuppression", [boxes(1000, 640)[None], (1, 1, 1000)], [ints(100), floats(0.5), floats(0.3)]),
    "suppression of 8400 boxes, 4 classes": case("NonMaxSuppression", [boxes(8400, 640)[None], (1, 4, 8400)], [ints(100), floats(0.5), floats(0.9)]),
    "roi align 100 of 64×50×50": case("RoiAlign", [(1, 64, 50, 50), boxes(100, 40), np.zeros(100, np.int64)], [], {"output_height": 7, "output_width": 7, "sampling_ratio": 2}),
    "max roi pool 100 of 64×50×50": case("MaxRoiPool", [(1, 64, 50, 50), np.concatenate([np.zeros((100, 1), np.float32), boxes(100, 40)], axis=1)], [], {"pooled_shape": [7, 7]}),
}
MOVES = {
    "transpose 12×128×64": case("Transpose", [(12, 128, 64)], [], {"perm": [1, 0, 2]}), "transpose 1024×1024": case("Transpose", [MATRIX]),
    "transpose channels last 64×128×128": case("Transpose", [IMAGE], [], {"perm": [0, 2, 3, 1]}), "concat 2 × 1M": case("Concat", [IMAGE, IMAGE], [], {"axis": 1}),
    "concat of rows 2 × 1M": case("Concat", [MATRIX, MATRIX], [], {"axis": 1}), "split 1M in 2": case("Split", [IMAGE], [], {"axis": 1, "num_outputs": 2}, 2),
    "slice every 2nd of 1M": case("Slice", [IMAGE], [ints(0), ints(128), ints(3), ints(2)]), "slice half of 1M": case("Slice", [IMAGE], [ints(0), ints(64), ints(3), ints(1)]),
    "slice backwards 1M": case("Slice", [IMAGE], [ints(-1), ints(-200), ints(3), ints(-1)]), "pad by 1, 64×128×128": case("Pad", [IMAGE], [ints(0, 0, 1, 1, 0, 0, 1, 1)]),
    "pad reflecting, 64×128×128": case("Pad", [IMAGE], [ints(0, 0, 1, 1, 0, 0, 1, 1)], {"mode": "reflect"}), "tile 2 × 2 of 512×512": case("Tile", [(512, 512)], [ints(2, 2)]),
    "expand 64 to 64×16384": case("Expand", [(64, 1)], [ints(64, 16384)]), "depth to space 64×64×64": case("DepthToSpace", [(1, 64, 64, 64)], [], {"blocksize": 2}),
    "space to depth 16×128×128": case("SpaceToDepth", [(1, 16, 128, 128)], [], {"blocksize": 2}), "trilu 1024×1024": case("Trilu", [MATRIX]), "reshape 1M": case("Reshape", [IMAGE], [ints(64, -1)]),
    "gather 512 of 30000×768": case("Gather", [(30000, 768)], [draw(np.int64, 512, 0, 30000)]), "gather 256 columns of 1024×1024": case("Gather", [MATRIX], [draw(np.int64, 256, 0, 1024)], {"axis": 1}),
    "gather elements 1024×256 of 1024×1024": case("GatherElements", [MATRIX, draw(np.int64, (1024, 256), 0, 1024)], [], {"axis": 1}),
    "gather nd 4096 of 64×64×64": case("GatherND", [(64, 64, 64), draw(np.int64, (4096, 2), 0, 64)]),
    "scatter elements 256×1024 in 1024×1024": case("ScatterElements", [MATRIX, np.stack([RNG.permutation(1024)[:256] for _ in range(1024)], axis=1), (256, 1024)]),
    "scatter elements adding 256×1024": case("ScatterElements", [MATRIX, draw(np.int64, (256, 1024), 0, 1024), (256, 1024)], [], {"reduction": "add"}),
    "scatter nd 512 rows in 1024×1024": case("ScatterND", [MATRIX, RNG.permutation(1024)[:512, None].astype(np.int64), (512, 1024)]),
    "scatter nd 4096 in 64×64×64": case("ScatterND", [(64, 64, 64), np.stack(np.unravel_index(RNG.permutation(64**3)[:4096], (64,) * 3), axis=1), (4096,)]),
    "one hot 1024 × 1000": case("OneHot", [draw(np.int64, 1024, 0, 1000)], [ints(1000), floats(0, 1)]),
    "reverse sequence 64×32×256": case("ReverseSequence", [(64, 32, 256), draw(np.int64, 32, 1, 64)]), "eye like 1024×1024": case("EyeLike", [MATRIX]),
    "center crop 224 of 3×256×256": case("CenterCropPad", [(1, 3, 256, 256)], [ints(224, 224)], {"axes": [2, 3]}),
    "top 5 of 64×1000": case("TopK", [(64, 1000)], [ints(5)], {}, 2), "top 100 of 8400": case("TopK", [(1, 8400)], [ints(100)], {}, 2), "top 1000 of 1M": case("TopK", [(1 << 20,)], [ints(1000)], {}, 2),
    "sort 64×1000": case("TopK", [(64, 1000)], [ints(1000)], {}, 2), "top 5 of columns 1000×64": case("TopK", [(1000, 64)], [ints(5)], {"axis": 0}, 2),
    "non zero 1M, half": case("NonZero", [draw(np.float32, MATRIX, 0, 2)]), "non zero bool 1M, 1 %": case("NonZero", [RNG.random(MATRIX) < 0.01]),
    "compress 1024×1024": case("Compress", [MATRIX, draw(bool, 1024, 0, 2)], [], {"axis": 0}), "unique of 100000": case("Unique", [draw(np.int64, 100000, 0, 1000)], [], {}, 4),
    "unique floats of 10000": case("Unique", [(10000,)]), "range to 1M": case("Range", [], [np.float32(0), np.float32(1 << 20), np.float32(1)]),
}
RECURRENTS = {
    "lstm 32×1×128, 256": recurrent("LSTM", 4, 32, 1, 128, 256), "lstm 64×8×64, 128, both ways": recurrent("LSTM", 4, 64, 8, 64, 128, 2), "lstm 300×1×64, 128": recurrent("LSTM", 4, 300, 1, 64, 128),
    "gru 32×1×128, 256": recurrent("GRU", 3, 32, 1, 128, 256), "gru 64×8×64, 128, both ways": recurrent("GRU", 3, 64, 8, 64, 128, 2), "rnn 32×1×128, 256": recurrent("RNN", 1, 32, 1, 128, 256),
    "rnn 300×1×64, 128": recurrent("RNN", 1, 300, 1, 64, 128),
}
SIGNALS = {
    "dft 16 × 1024": case("DFT", [(16, 1024, 1)]), "dft complex 16 × 512": case("DFT", [(16, 512, 2)]), "dft one-sided 16 × 1024": case("DFT", [(16, 1024, 1)], [], {"onesided": 1}),
    "stft 16000 by 160, 512": case("STFT", [(1, 16000, 1)], [np.int64(160), np.hanning(512).astype(np.float32)]), "hann window 4096": case("HannWindow", [], [np.int64(4096)]),
    "mel weights 64, 1024": case("MelWeightMatrix", [], [np.int64(64), np.int64(1024), np.int64(16000), np.float32(0), np.float32(8000)]),
}
QUANTIZATIONS = {
    "quantize 1M": case("QuantizeLinear", [IMAGE], [np.float32(0.01), np.uint8(10)]), "quantize channels 1M": case("QuantizeLinear", [IMAGE], [0.01 + RNG.random(64, np.float32), np.zeros(64, np.int8)], {"axis": 1}),
    "dequantize 1M": case("DequantizeLinear", [draw(np.uint8, IMAGE, 0, 255)], [np.float32(0.01), np.uint8(10)]),
    "dynamic quantize 1M": case("DynamicQuantizeLinear", [IMAGE], [], {}, 3),
}
CASES = CONVOLUTIONS | PRODUCTS | ELEMENTWISE | REDUCTIONS | NORMALIZATIONS | POOLS | IMAGES | MOVES | RECURRENTS | SIGNALS | QUANTIZATIONS
