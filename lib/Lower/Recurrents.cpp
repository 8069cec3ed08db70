// Recurrents.cpp - ONNX category rnn: RNN, GRU and LSTM, all directions and layouts.
// SPDX-License-Identifier: Apache-2.0
//
// The inputs of all steps meet their weights in one product before the first step. The steps (RecurrentCells.h) are a loop:
//
//   %p = x·W                                                             [T][N][gates·H]
//   for %t carries %h, %c, %y:   step of %p[%t], %h, %c;   %y[%t] = new h

#include "Constants.h"
#include "RecurrentCells.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace bn::lower {

/// The activations of all directions; false where one is unknown.
static bool readActivations(NodeLowering &n, ArrayRef<StringRef> usual, unsigned directions, SmallVectorImpl<Activation> &result) {
  auto given = dyn_cast_or_null<ArrayAttr>(n.node.getNodeAttr("activations"));
  auto alpha = dyn_cast_or_null<DenseF32ArrayAttr>(n.node.getNodeAttr("activation_alpha"));
  auto beta = dyn_cast_or_null<DenseF32ArrayAttr>(n.node.getNodeAttr("activation_beta"));
  auto entry = [](DenseF32ArrayAttr list, size_t i) {
    return list && i < static_cast<size_t>(list.size()) ? std::optional<double>(list[i]) : std::nullopt;
  };
  for (size_t i = 0; i < usual.size() * directions; ++i) {
    StringRef name = given && i < given.size() ? cast<StringAttr>(given[i]).getValue() : usual[i % usual.size()];
    result.push_back({name.lower(), entry(alpha, i), entry(beta, i), n.node.getFloat("clip", 0)});
    if (!isKnownActivation(result.back().name)) {
      (void)n.fail("activation '" + name + "' is not supported");
      return false;
    }
  }
  return true;
}

namespace {
/// Where the matrix at indices `at` of the leading dimensions is.
struct MatrixBox {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  RankedTensorType type;

  MatrixBox(Builder &b, Value whole, ArrayRef<OpFoldResult> at) : offsets(at) {
    Shape matrix = shapeOf(whole).take_back(2);
    type = RankedTensorType::get(matrix, typeOf(whole).getElementType());
    offsets.append(2, b.getIndexAttr(0));
    sizes.assign(at.size(), b.getIndexAttr(1));
    llvm::append_range(sizes, getAsIndexOpFoldResult(b.getContext(), matrix));
    strides.assign(offsets.size(), b.getIndexAttr(1));
  }
};
} // namespace

static Value take(Builder &b, Value whole, ArrayRef<OpFoldResult> at) {
  MatrixBox box(b, whole, at);
  return tensor::ExtractSliceOp::create(b, box.type, whole, box.offsets, box.sizes, box.strides);
}

static Value put(Builder &b, Value matrix, Value whole, ArrayRef<OpFoldResult> at) {
  MatrixBox box(b, whole, at);
  return tensor::InsertSliceOp::create(b, matrix, whole, box.offsets, box.sizes, box.strides);
}

/// `next` where the sequence has a step t, `otherwise` where it has ended.
static Value whereStep(NodeLowering &n, Value t, Value next, Value otherwise) {
  if (!n.has(4) || !next)
    return next;
  Value lengths = reshape(n.b, n.in(4), {n.inType(4).getNumElements(), 1});
  Value step = arith::IndexCastOp::create(n.b, typeOf(lengths).getElementType(), t);
  return map(n.b, typeOf(next), {next, otherwise, lengths}, [&](Builder &b, ValueRange v) -> Value {
    Value isRunning = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, v[2], step);
    return arith::SelectOp::create(b, isRunning, v[0], v[1]);
  });
}

/// What the loops carry: the states of all directions, [directions][N][H], null where the operator has none, and h of all steps,
/// [T][directions][N][H], null where nobody wants it.
enum Carried { H, C, Outputs };
using CarriedValues = std::array<Value, 3>;

/// Those that there are.
static SmallVector<Value> listOf(const CarriedValues &carried) {
  return llvm::filter_to_vector(carried, [](Value value) { return bool(value); });
}

/// `values` in the places of those that there are.
static CarriedValues replace(CarriedValues carried, ValueRange values) {
  for (Value &value : carried)
    if (value) {
      value = values.front();
      values = values.drop_front();
    }
  return carried;
}

/// The carried values after step t of direction d.
static CarriedValues runStep(NodeLowering &n, Direction &direction, Value projected, Value t, CarriedValues now) {
  Builder &b = n.b;
  OpFoldResult d = b.getIndexAttr(direction.getNumber());
  State state{take(b, now[H], d), now[C] ? take(b, now[C], d) : Value()};
  State next = direction.step(take(b, projected, OpFoldResult(t)), state);
  if (now[C])
    now[C] = put(b, whereStep(n, t, next.c, state.c), now[C], d);
  now[H] = put(b, whereStep(n, t, next.h, state.h), now[H], d);
  if (now[Outputs]) {
    Value zero = n.has(4) ? filled(b, shapeOf(next.h), number(b, typeOf(next.h).getElementType(), 0)) : Value();
    now[Outputs] = put(b, whereStep(n, t, next.h, zero), now[Outputs], {t, d});
  }
  return now;
}

/// Runs one direction; returns the carried values after its last step.
static CarriedValues runDirection(NodeLowering &n, Direction &direction, Value x, bool isBackward, CarriedValues start) {
  Builder &b = n.b;
  direction.prepareWeights();
  Value projected = direction.projectInput(x);
  int64_t steps = shapeOf(projected)[0];
  auto loop = scf::ForOp::create(b, index(b, 0), index(b, steps), index(b, 1), listOf(start));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value t = loop.getInductionVar();
  if (isBackward)
    t = arith::SubIOp::create(b, index(b, steps - 1), t);
  CarriedValues next = runStep(n, direction, projected, t, replace(start, loop.getRegionIterArgs()));
  scf::YieldOp::create(b, listOf(next));
  return replace(start, loop.getResults());
}

/// The initial states that are input `i`, [directions][N][H].
static Value startState(NodeLowering &n, unsigned i, Shape shape) {
  if (!n.has(i))
    return filled(n.b, shape, number(n.b, n.inType(0).getElementType(), 0));
  return n.node.getInt("layout", 0) ? transpose(n.b, n.in(i), {1, 0, 2}) : n.in(i);
}

static LogicalResult lowerRecurrence(NodeLowering &n, const Recurrence &recurrence, ArrayRef<StringRef> usual) {
  Builder &b = n.b;
  Shape weights = shapeOf(recurrence.hidden.values);
  unsigned directions = weights[0];
  SmallVector<Activation> activations;
  if (!readActivations(n, usual, directions, activations))
    return failure();
  bool batchFirst = n.node.getInt("layout", 0), hasCell = recurrence.gates == 4;
  Value x = batchFirst ? transpose(b, n.in(0), {1, 0, 2}) : n.in(0);
  int64_t steps = shapeOf(x)[0], batch = shapeOf(x)[1], hidden = weights[2];
  CarriedValues carried;
  carried[H] = startState(n, 5, {directions, batch, hidden});
  if (hasCell)
    carried[C] = startState(n, 6, {directions, batch, hidden});
  if (n.wants(0))
    carried[Outputs] = empty(b, {steps, directions, batch, hidden}, typeOf(x).getElementType());
  for (unsigned d = 0; d < directions; ++d) {
    Direction direction(n, recurrence, d, ArrayRef(activations).slice(d * usual.size(), usual.size()));
    bool isBackward = d == 1 || n.node.getString("direction", "forward") == "reverse";
    carried = runDirection(n, direction, x, isBackward, carried);
  }
  auto addResult = [&](Value all, Ints order) {
    bool isWanted = n.wants(n.results.size());
    n.results.push_back(!isWanted ? Value() : batchFirst ? transpose(b, all, order) : all);
  };
  addResult(carried[Outputs], {2, 0, 1, 3});
  addResult(carried[H], {1, 0, 2});
  if (hasCell)
    addResult(carried[C], {1, 0, 2});
  n.results.resize(n.getNumOutputs());
  return success();
}

static LogicalResult lowerStandard(NodeLowering &n, int64_t gates, ArrayRef<StringRef> usual) {
  return lowerRecurrence(n, {gates, {n.in(1), n.constant(1)}, {n.in(2), n.constant(2)}}, usual);
}

/// Weights [directions][depth][rows] of 8 bits as the floats that they stand for, [directions][rows][depth]; scale and zero point are one
/// per direction, or one per row of it.
static FailureOr<Weights> dequantizeWeights(NodeLowering &n, unsigned i, unsigned scale, unsigned zero) {
  ArrayRef<char> stored = getBytes(n.constant(i)), zeros = getBytes(n.constant(zero));
  ArrayRef<Stored<float>> scales = getFloats(n.constant(scale));
  Shape shape = n.inShape(i);
  int64_t directions = shape[0], depth = shape[1], rows = shape[2];
  if (static_cast<int64_t>(stored.size()) != directions * depth * rows || scales.empty() || zeros.empty())
    return n.fail("expected input " + Twine(i) + ", its scale and its zero point to be constant");
  bool isUnsigned = n.inElement(i).isUnsignedInteger(), isPerRow = n.inType(scale).getNumElements() != directions;
  auto at = [&](auto list, int64_t d, int64_t row) { return list[list.size() == 1 ? 0 : isPerRow ? d * rows + row : d]; };
  auto kept = std::make_shared<StoredWeights>(StoredWeights{depth, rows, std::vector<int16_t>(stored.size()), {}});
  for (int64_t d = 0; d < directions; ++d)
    for (int64_t row = 0; row < rows; ++row) {
      kept->scales.push_back(at(scales, d, row));
      for (int64_t k = 0, place = d * depth * rows + row; k < depth; ++k, place += rows)
        kept->values[place] = static_cast<int16_t>(widen(stored[place], isUnsigned) - widen(at(zeros, d, row), isUnsigned));
    }
  ElementsAttr known = makeFloats(n.b.getContext(), {directions, rows, depth}, [&](MutableArrayRef<float> out) {
    for (int64_t d = 0; d < directions; ++d)
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t k = 0; k < depth; ++k)
          out[(d * rows + row) * depth + k] = kept->values[(d * depth + k) * rows + row] * kept->scales[d * rows + row];
  });
  return Weights{constantTensor(n.b, known), known, kept};
}

/// Inputs: those of LSTM, then scale and zero point of W and of R.
static LogicalResult lowerDynamicQuantizeLstm(NodeLowering &n) {
  FailureOr<Weights> input = dequantizeWeights(n, 1, 8, 9), hidden = dequantizeWeights(n, 2, 10, 11);
  if (failed(input) || failed(hidden))
    return failure();
  return lowerRecurrence(n, {4, *input, *hidden, /*quantizes=*/true}, {"Sigmoid", "Tanh", "Tanh"});
}

void addRecurrents(LoweringTable &table) {
  table["RNN"] = [](NodeLowering &n) { return lowerStandard(n, 1, {"Tanh"}); };
  table["GRU"] = [](NodeLowering &n) { return lowerStandard(n, 3, {"Sigmoid", "Tanh"}); };
  table["LSTM"] = [](NodeLowering &n) { return lowerStandard(n, 4, {"Sigmoid", "Tanh", "Tanh"}); };
  table["com.microsoft.DynamicQuantizeLSTM"] = lowerDynamicQuantizeLstm;
}

} // namespace bn::lower
