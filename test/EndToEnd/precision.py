# precision.py - the same model for the interpreter, with other roundings.
# SPDX-License-Identifier: Apache-2.0
"""In double: the truth that both files are measured against, for then the interpreter rounds nowhere. QuantizeLinear knows no
double; it gets Casts around it. Or rounded as written: the interpreter keeps a value as a double until a Cast from another type."""

import onnx
from onnx import TensorProto, helper, numpy_helper

FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16}


def widen_tensor(tensor):
    if tensor.data_type in FLOATS:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype("f8"), tensor.name))


def widen_info(info):
    if info.type.tensor_type.elem_type in FLOATS:
        info.type.tensor_type.elem_type = TensorProto.DOUBLE


def widen_node(node):
    """The nodes that do the work of `node` in double."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            widen_graph(attribute.g)
        if attribute.name == "value":
            widen_tensor(attribute.t)
        if attribute.name == "to" and attribute.i in FLOATS:
            attribute.i = TensorProto.DOUBLE
    cast = lambda to, there, back: helper.make_node("Cast", [there], [back], to=to)
    if node.op_type == "QuantizeLinear":
        names = [f"{name}_{node.name}_narrow" for name in node.input[:2]]
        casts = [cast(TensorProto.FLOAT, there, back) for there, back in zip(node.input, names)]
        node.input[0], node.input[1] = names
        return [*casts, node]
    if node.op_type == "DequantizeLinear":
        scale, result = f"{node.input[1]}_{node.name}_narrow", f"{node.output[0]}_narrow"
        casts = cast(TensorProto.FLOAT, node.input[1], scale), cast(TensorProto.DOUBLE, result, node.output[0])
        node.input[1], node.output[0] = scale, result
        return [casts[0], node, casts[1]]
    return [node]


def widen_nodes(nodes):
    wide = [new for node in nodes for new in widen_node(node)]
    del nodes[:]
    nodes.extend(wide)


def widen_graph(graph):
    for tensor in graph.initializer:
        widen_tensor(tensor)
    for info in [*graph.input, *graph.output, *graph.value_info]:
        widen_info(info)
    widen_nodes(graph.node)


def to_double(model):
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    widen_graph(wide.graph)
    for function in wide.functions:
        widen_nodes(function.node)
    return wide


def follow_values(model, elements, ending, make_nodes):
    """The model with nodes behind each value of its main graph that has one of these element types: `make_nodes` takes the value's
    new name, which has this ending, its old name, which the last of the nodes gives to its result, and its type."""
    typed, changed = onnx.shape_inference.infer_shapes(model).graph, onnx.ModelProto()
    types = {info.name: info.type.tensor_type.elem_type for info in [*typed.value_info, *typed.output]}
    changed.CopyFrom(model)
    del changed.graph.node[:]
    for node in model.graph.node:
        first = changed.graph.node.add()
        first.CopyFrom(node)
        for i, name in enumerate(node.output):
            if types.get(name) in elements:
                first.output[i] = name + ending
                changed.graph.node.extend(make_nodes(first.output[i], name, types[name]))
    return changed


def round_values(model):
    """The model whose main graph rounds each value to its type."""
    cast = lambda there, back, to: helper.make_node("Cast", [there], [back], to=to)
    return follow_values(model, FLOATS, "_exact", lambda exact, name, element: [
        cast(exact, f"{name}_double", TensorProto.DOUBLE), cast(f"{name}_double", name, element)])
