# shrink.py - makes a failing case as small as it can be while the same thing stays wrong.
# SPDX-License-Identifier: Apache-2.0

import dataclasses
import re
import time

import numpy as np
import onnx
from onnx import helper

from judge import Problem

TIME_LIMIT = 30  # seconds for one case


def copy_of(case):
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    return dataclasses.replace(case, model=model, inputs=dict(case.inputs))


def reads(node):
    """What the node reads, inside of it as well."""
    names = set(node.input)
    for attribute in node.attribute:
        for inner in attribute.g.node if attribute.HasField("g") else []:
            names |= reads(inner)
    return names


def tidy(case):
    """Drops what no output needs, and what speaks of values that are gone."""
    graph = case.model.graph
    needed = {output.name for output in graph.output}
    for node in reversed(list(graph.node)):
        if needed.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            needed |= reads(node)
    for kept in (graph.initializer, graph.input):
        for item in [item for item in kept if item.name not in needed]:
            kept.remove(item)
    case.inputs = {name: array for name, array in case.inputs.items() if name in needed}
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    case.model = onnx.shape_inference.infer_shapes(case.model)
    del case.model.graph.value_info[:]
    return case


def drop_outputs(case):
    for index in range(len(case.model.graph.output) - 1, -1, -1):
        smaller = copy_of(case)
        del smaller.model.graph.output[index]
        if smaller.model.graph.output:
            yield smaller


def move_outputs(case):
    """An output earlier in the graph, instead of a late one."""
    for index, output in enumerate(case.model.graph.output):
        producer = next((node for node in case.model.graph.node if output.name in node.output), None)
        for name in producer.input[:1] if producer else []:
            smaller = copy_of(case)
            smaller.model.graph.output[index].name = name
            yield smaller


def cut_inputs(case):
    """An input in the place of a value."""
    fixed = copy_of(case)
    for info in fixed.model.graph.input:
        if info.name in fixed.inputs:
            info.CopyFrom(helper.make_tensor_value_info(info.name, info.type.tensor_type.elem_type, fixed.inputs[info.name].shape))
    shapes = {v.name: v.type.tensor_type for v in onnx.shape_inference.infer_shapes(fixed.model).graph.value_info}
    element = helper.np_dtype_to_tensor_dtype(np.dtype(case.dtype))
    for node in reversed(case.model.graph.node):
        name = node.output[0]
        dims = [d.dim_value for d in shapes[name].shape.dim] if name in shapes and shapes[name].elem_type == element else []
        if not dims or not all(dims):
            continue
        smaller = copy_of(case)
        smaller.model.graph.node.remove(node)
        smaller.model.graph.input.append(helper.make_tensor_value_info(name, element, dims))
        smaller.inputs[name] = np.random.default_rng(0).standard_normal(dims).astype(case.dtype)
        yield smaller


def bypass_nodes(case):
    for index, node in enumerate(case.model.graph.node):
        for there in node.input[:2]:
            smaller = copy_of(case)
            del smaller.model.graph.node[index]
            for other in smaller.model.graph.node:
                for i, name in enumerate(other.input):
                    if name == node.output[0]:
                        other.input[i] = there
            yield smaller


def simplify_nodes(case):
    """Without an attribute, without the last input."""
    for index, node in enumerate(case.model.graph.node):
        for attribute in range(len(node.attribute)):
            smaller = copy_of(case)
            del smaller.model.graph.node[index].attribute[attribute]
            yield smaller
        if len(node.input) > 2:
            smaller = copy_of(case)
            del smaller.model.graph.node[index].input[-1]
            yield smaller


def fails_alike(judge, case, kind):
    try:
        tidy(case)
        onnx.checker.check_model(case.model, full_check=True)
        judge.check(case)
    except Problem as problem:
        return problem.kind == kind
    except Exception:  # not a model any more
        return False
    return False


def shrink(judge, case, kind):
    """The smallest failing case that was found in time."""
    end = time.monotonic() + TIME_LIMIT
    progress = True
    while progress and time.monotonic() < end:
        progress = False
        for step in (drop_outputs, move_outputs, cut_inputs, bypass_nodes, simplify_nodes):
            for smaller in step(case):
                if time.monotonic() < end and fails_alike(judge, smaller, kind):
                    case, progress = smaller, True
                    break
            if progress:
                break
    return case


def to_text(model):
    """The model as ONNX text, long constants in short."""
    return re.sub(r"\{([^{}]{60})[^{}]{40,}\}", r"{\1 …}", onnx.printer.to_text(model))
