// Sequence.cpp - lists of tensors: ONNX category sequence. SequenceMap, which has a body, is in ControlFlow.cpp.
// SPDX-License-Identifier: Apache-2.0

#include "Convert.h"
#include "Operator.h"
#include "Pieces.h"

using namespace mlir;

namespace bn::reference {

/// Adds a sequence as result. Its type does not tell the shapes of its elements, which may differ.
static LogicalResult addSequence(Call &call, Type elementType, std::vector<Tensor> elements) {
  auto type = onnx::SequenceType::get(call.node->getContext(), UnrankedTensorType::get(elementType));
  call.results.push_back(makeHolder(type, std::move(elements)));
  return success();
}

/// The place that operand `i` names among `count`, counted from the end where it is negative; `otherwise` where it is absent.
static FailureOr<int64_t> getPosition(Call &call, unsigned i, int64_t count, int64_t otherwise) {
  if (!call.get(i))
    return otherwise;
  FailureOr<int64_t> position = call.getInteger(i);
  if (failed(position))
    return failure();
  int64_t size = call[0].elements.size(), place = *position < 0 ? *position + size : *position;
  if (place < 0 || place >= count)
    return call.error() << "expected a position between " << -size << " and " << count - 1 << ", got " << *position;
  return place;
}

static LogicalResult sequenceConstruct(Call &call) {
  std::vector<Tensor> elements;
  for (const Tensor *operand : call.operands) {
    if (!operand || operand->elementType != call[0].elementType)
      return call.error() << "expected inputs of one element type";
    elements.push_back(*operand);
  }
  if (elements.empty())
    return call.error() << "expected at least one input";
  return addSequence(call, call[0].elementType, std::move(elements));
}

static LogicalResult sequenceEmpty(Call &call) {
  int64_t dataType = call.node.getInt("dtype", 1);
  Type type = getDataType(call.node->getContext(), dataType);
  if (!type)
    return call.unsupported() << "the interpreter does not support data type " << dataType;
  return addSequence(call, type, {});
}

static LogicalResult sequenceAt(Call &call) {
  FailureOr<int64_t> place = getPosition(call, 1, call[0].elements.size(), 0);
  if (failed(place))
    return failure();
  call.results.push_back(call[0].elements[*place]);
  return success();
}

/// Without a position the last element goes.
static LogicalResult sequenceErase(Call &call) {
  int64_t count = call[0].elements.size();
  FailureOr<int64_t> place = getPosition(call, 1, count, count - 1);
  if (failed(place))
    return failure();
  if (count == 0)
    return call.error() << "expected a sequence with elements";
  call.results.push_back(call[0]);
  std::vector<Tensor> &elements = call.results.back().elements;
  elements.erase(elements.begin() + *place);
  return success();
}

/// Without a position the tensor comes last.
static LogicalResult sequenceInsert(Call &call) {
  int64_t count = call[0].elements.size();
  FailureOr<int64_t> place = getPosition(call, 2, count + 1, count);
  if (failed(place))
    return failure();
  call.results.push_back(call[0]);
  std::vector<Tensor> &elements = call.results.back().elements;
  elements.insert(elements.begin() + *place, call[1]);
  return success();
}

static LogicalResult sequenceLength(Call &call) {
  int64_t count = call[0].elements.size();
  call.results.push_back({IntegerType::get(call.node->getContext(), 64), {}, std::vector<int64_t>{count}});
  return success();
}

/// Concat of the elements; along a new axis each is one slice of the result.
static LogicalResult concatFromSequence(Call &call) {
  std::vector<Tensor> elements = call[0].elements;
  if (elements.empty())
    return call.error() << "expected a sequence with elements";
  if (call.node.getInt("new_axis", 0))
    for (Tensor &element : elements) {
      FailureOr<int64_t> axis = call.getAxis(call.node.getInt("axis", 0), element.shape.size() + 1);
      if (failed(axis))
        return failure();
      element.shape.insert(element.shape.begin() + *axis, 1);
    }
  SmallVector<const Tensor *> operands = llvm::map_to_vector(elements, [](const Tensor &element) { return &element; });
  Call concat{call.node, operands, call.results};
  return findOperator("Concat")->evaluate(concat);
}

/// The sizes of the pieces: 1 each, one size for all but the last, or a list.
static FailureOr<Dims> getPieces(const Call &call, int64_t size) {
  int64_t each = 1;
  if (call.get(1) && !call[1].shape.empty())
    return Dims(call[1].integers());
  if (call.get(1))
    each = call[1].integers()[0];
  if (each < 1)
    return call.error() << "expected pieces of at least one element, got " << each;
  Dims pieces;
  for (int64_t left = size; left > 0; left -= each)
    pieces.push_back(std::min(each, left));
  return pieces;
}

static LogicalResult splitToSequence(Call &call) {
  SmallVector<Tensor> parts;
  Call split{call.node, call.operands, parts};
  FailureOr<int64_t> axis = addPieces(split, getPieces);
  if (failed(axis))
    return failure();
  if (!call.get(1) && !call.node.getInt("keepdims", 1))
    for (Tensor &part : parts)
      part.shape.erase(part.shape.begin() + *axis);
  return addSequence(call, call[0].elementType, {std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end())});
}

ArrayRef<Operator> getSequences() {
  static constexpr Operator table[] = {
      {"ConcatFromSequence", "sequence", concatFromSequence},
      {"SequenceAt", "sequence integer", sequenceAt},
      {"SequenceConstruct", "any...", sequenceConstruct},
      {"SequenceEmpty", "", sequenceEmpty},
      {"SequenceErase", "sequence integer?", sequenceErase},
      {"SequenceInsert", "sequence any integer?", sequenceInsert},
      {"SequenceLength", "sequence", sequenceLength},
      {"SplitToSequence", "any integer?", splitToSequence},
  };
  return table;
}

} // namespace bn::reference
