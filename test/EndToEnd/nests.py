# nests.py - puts some nodes of a drawn graph into a model-local function, the branches of an If, or the body of a Loop.
# SPDX-License-Identifier: Apache-2.0
"""Weights become arguments of the function's call, or stay where the branches and bodies see them from inside."""

import numpy as np
import onnx
from onnx import helper



def copy_nodes(nodes, ending):
    """The nodes with other names for themselves and what they define, as inner scopes may not reuse outer names."""
    defined = {name for node in nodes for name in node.output}
    copies = []
    for node in nodes:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name += ending
        for names in (copy.input, copy.output):
            names[:] = [name + ending if name in defined else name for name in names]
        copies.append(copy)
    return copies


class Part:
    """Consecutive nodes around a BatchNormalization, what they read from outside, and what others read of them."""

    def __init__(self, graph, outputs):
        norms = [i for i, node in enumerate(graph.nodes) if node.op_type == "BatchNormalization"]
        middle = graph.pick(*norms)
        self.begin, self.end = max(0, middle - graph.integer(0, 4)), min(len(graph.nodes), middle + 1 + graph.integer(0, 4))
        self.nodes = graph.nodes[self.begin:self.end]
        defined = {name for node in self.nodes for name in node.output}
        outside = graph.nodes[:self.begin] + graph.nodes[self.end:]
        wanted = {name for node in outside for name in node.input} | {value.name for value in outputs}
        self.reads = sorted({name for node in self.nodes for name in node.input if name} - defined)
        self.results = sorted(defined & wanted)

    def replace(self, graph, node):
        graph.nodes[self.begin:self.end] = [node]


def into_function(graph, part, types):
    opsets = [helper.make_opsetid("", graph.opset)]
    graph.functions.append(helper.make_function("local", "block", part.reads, part.results, part.nodes, opsets))
    part.replace(graph, helper.make_node("block", part.reads, part.results, domain="local", name="block_1"))


def into_if(graph, part, types):
    def branch(name, ending):
        infos = [helper.make_tensor_value_info(result + ending, types[result], None) for result in part.results]
        return helper.make_graph(copy_nodes(part.nodes, ending), name, [], infos)

    condition = graph.extra_input("condition", np.asarray(graph.chance(0.5)))
    part.replace(graph, helper.make_node("If", [condition], part.results, name="If_1", then_branch=branch("then", "_t"),
                                         else_branch=branch("else", "_e")))


def into_loop(graph, part, types):
    """Twice, where a value that goes in has the shape and type of the one that comes out."""
    shapes = {value.name: value.shape for value in graph.values}
    carried = [name for name in part.reads if name in shapes and shapes[name] == shapes.get(part.results[0])
               and types.get(name) == types[part.results[0]]]
    if len(part.results) != 1 or not carried:
        return
    inside = [helper.make_node("Identity", ["again"], ["go_on"]), *copy_nodes(part.nodes, "_l")]
    for node in inside:
        node.input[:] = ["inner" if name == carried[0] else name for name in node.input]
    infos = lambda *names: [helper.make_tensor_value_info(name, element, shape) for name, element, shape in names]
    element = types[part.results[0]]
    body = helper.make_graph(inside, "body", infos(("turn", onnx.TensorProto.INT64, []), ("again", onnx.TensorProto.BOOL, []), ("inner", element, None)),
                             infos(("go_on", onnx.TensorProto.BOOL, []), (part.results[0] + "_l", element, None)))
    turns = graph.initializer(np.asarray(2, np.int64))
    part.replace(graph, helper.make_node("Loop", [turns, "", carried[0]], part.results, name="Loop_1", body=body))


def nest(graph, model, outputs):
    """Puts a part of the graph, of which `model` is the flat form, into another scope."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    infos = {info.name: info for info in [*inferred.value_info, *inferred.input, *inferred.output]}
    types = {name: info.type.tensor_type.elem_type for name, info in infos.items()}
    part = Part(graph, outputs)
    if part.results and all(result in types for result in part.results):
        graph.infos = [infos[result] for result in part.results if result not in {value.name for value in outputs}]
        graph.pick(into_function, into_function, into_if, into_if, into_loop)(graph, part, types)
