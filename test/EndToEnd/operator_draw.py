# operator_draw.py - draws a model of one node from a seed: the schema's versions and types, the recipe's shapes and attributes.
# SPDX-License-Identifier: Apache-2.0

import dataclasses
import zlib

import ml_dtypes
import numpy as np
import onnx
from onnx import helper, numpy_helper

from dice import Dice

NEWEST_OPSET = onnx.defs.onnx_opset_version()
OLDEST_OPSET = 7  # before, broadcasting was something else
IR_VERSION = 10
DTYPES = {"float": np.float32, "double": np.float64, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "bool": np.bool_,
          **{name: np.dtype(name).type for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")}}
# Of two drawn types one is the one that people use.
COMMON = (np.float32, np.int64, np.bool_)


def is_float(dtype):
    return dtype == ml_dtypes.bfloat16 or np.issubdtype(dtype, np.floating)


@dataclasses.dataclass
class Known:
    """An input whose value is an initializer more often than not: axes, sizes."""
    array: np.ndarray


@dataclasses.dataclass
class Always:
    """An input that nobody computes: an initializer."""
    array: np.ndarray


@dataclasses.dataclass
class Case:
    model: onnx.ModelProto
    inputs: dict
    exact: bool  # whether results are numbers of the inputs, or integers


class Draw(Dice):
    """What a recipe draws from."""

    def __init__(self, operator, rng):
        super().__init__(rng)
        self.operator = operator
        versions = sorted({s.since_version for s in onnx.defs.get_all_schemas_with_history() if s.name == operator and s.domain == ""})
        newest = [max(v for v in versions if v <= OLDEST_OPSET)] if versions[0] <= OLDEST_OPSET else []
        versions = newest + [v for v in versions if v > OLDEST_OPSET]
        self.version = versions[int(rng.integers(len(versions)))] if rng.random() < 0.5 else versions[-1]
        later = [v for v in versions if v > self.version]
        self.opset = max(OLDEST_OPSET, int(rng.integers(self.version, later[0] if later else NEWEST_OPSET + 1)))
        self.schema = onnx.defs.get_schema(operator, self.opset, "")
        self.types = {}

    def shape(self, low=1, high=4, sizes=(1, 2, 3, 4, 5, 7, 17)):
        return [self.pick(*sizes) for _ in range(self.integer(low, high))]

    def dtype(self, i=0, only=None):
        """The type of input `i`, drawn once for each type variable of the schema."""
        variable = self.schema.inputs[min(i, len(self.schema.inputs) - 1)].type_str
        if variable not in self.types:
            names = next((c.allowed_type_strs for c in self.schema.type_constraints if c.type_param_str == variable), [variable])
            allowed = [DTYPES[name[7:-1]] for name in names if name.startswith("tensor(") and name[7:-1] in DTYPES]
            allowed = [dtype for dtype in allowed if only is None or only(dtype)]
            common = [dtype for dtype in allowed if dtype in COMMON]
            self.types[variable] = self.pick(*common) if common and self.chance(0.5) else self.pick(*allowed)
        return self.types[variable]

    def numbers(self, shape, dtype=None, low=-2.0, high=2.0):
        """Numbers that every float type holds exactly."""
        dtype = self.dtype() if dtype is None else dtype
        if dtype == np.bool_:
            return self.rng.random(shape) < 0.5
        if is_float(dtype):
            return (np.round(self.rng.uniform(low, high, shape) * 16) / 16).astype(dtype)
        info = np.iinfo(dtype)
        return self.rng.integers(max(int(np.floor(low)), info.min), min(int(np.ceil(high)), info.max) + 1, shape).astype(dtype)

    def axis(self, rank):
        """One from the start or from the end, where the version knows that."""
        return self.integer(-rank, rank - 1) if self.opset >= 13 else self.integer(0, rank - 1)

    def axes(self, rank, least=1):
        count = self.integer(least, rank)
        return sorted(int(a) for a in self.rng.permutation(rank)[:count])

    def known(self, values, dtype=np.int64):
        return Known(np.asarray(values, dtype))

    def takes(self, attribute):
        return attribute in self.schema.attributes

    def list_as(self, name, values, inputs, attributes):
        """A list that older versions have as an attribute and newer ones as the next input."""
        if self.takes(name):
            attributes[name] = values
        else:
            inputs.append(self.known(values))


def infer_outputs(model):
    """The model with the types of its outputs; sizes that are not known stay open."""
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    for output in inferred.graph.output:
        if not output.type.tensor_type.elem_type:
            raise ValueError(f"no type for output '{output.name}'")
    return inferred


def draw(operator, recipe, seed):
    """The case of this seed, or nothing where the recipe has none for what was drawn."""
    d = Draw(operator, np.random.default_rng((zlib.crc32(operator.encode()), *seed)))
    drawn = recipe(d)
    if drawn is None:
        return None
    inputs, attributes, *rest = drawn
    outputs = rest[0] if rest else 1
    names, infos, initializers, feeds = [], [], [], {}
    for i, value in enumerate(inputs):
        if value is None:
            names.append("")
            continue
        array = value.array if isinstance(value, (Known, Always)) else np.asarray(value)
        names.append(f"x{i}")
        if isinstance(value, Always) or isinstance(value, Known) and d.chance(0.7):
            initializers.append(numpy_helper.from_array(array, names[-1]))
            continue
        sizes = [f"n{i}_{k}" if d.chance(0.2) else size for k, size in enumerate(array.shape)]
        infos.append(helper.make_tensor_value_info(names[-1], helper.np_dtype_to_tensor_dtype(array.dtype), sizes))
        feeds[names[-1]] = array
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(operator, names, results, name=operator, **attributes)
    graph = helper.make_graph([node], operator, infos, [onnx.ValueInfoProto(name=name) for name in results], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", d.opset)], ir_version=IR_VERSION)
    return Case(infer_outputs(model), feeds, False)
