// Operator.cpp - the registry of operators, and what their functions ask of a call.
// SPDX-License-Identifier: Apache-2.0

#include "Operator.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Unsupported.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace bn::reference {

/// No tensor is larger: 2 GiB of doubles. Far above what networks have, far below what brings a machine down.
static constexpr int64_t maxElements = int64_t(1) << 28;

const Operator *findOperator(StringRef name) {
  static const auto registry = [] {
    llvm::StringMap<const Operator *> map;
    for (ArrayRef<Operator> table :
         {getActivations(),     getArithmetic(),    getCasts(),          getConcats(),     getConvolutions(), getDetections(),
          getEinsums(),         getFeatures(),      getGathers(),        getGridSamples(), getLinearModels(), getLogic(),
          getMachineLearning(), getMatrices(),      getNormalizations(), getOptionals(),   getPads(),         getPatches(),
          getPoolings(),        getQuantizations(), getRandoms(),        getRecurrents(),  getReductions(),   getReshapes(),
          getResizes(),         getRunningSums(),   getSearches(),       getSelections(),  getSequences(),    getSignals(),
          getSoftmaxes(),       getTexts(),         getTreeEnsembles(),  getUpdates()})
      for (const Operator &op : table)
        map[op.name] = &op;
    return map;
  }();
  return registry.lookup(name);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static bool isKind(StringRef kind, const Tensor &tensor) {
  if (tensor.isHolder())
    return kind == "value" || (kind == "sequence" && isa<onnx::SequenceType>(tensor.elementType));
  bool isReal = std::holds_alternative<std::vector<double>>(tensor.values);
  bool isInteger = std::holds_alternative<std::vector<int64_t>>(tensor.values);
  bool fitsNumber = kind == "number" && (isReal || isInteger);
  return kind == "any" || kind == "value" || fitsNumber || (kind == "real" && isReal) || (kind == "integer" && isInteger);
}

LogicalResult checkOperands(const Call &call, const Operator &op) {
  SmallVector<StringRef> words;
  StringRef(op.operands).split(words, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  bool repeats = !words.empty() && words.back().ends_with("...");
  if (call.operands.size() > words.size() && !repeats)
    return call.error() << "expected at most " << words.size() << " inputs, got " << call.operands.size();
  for (size_t i = 0; i < std::max(words.size(), call.operands.size()); ++i) {
    StringRef word = i < words.size() ? words[i] : words.back();
    bool optional = word.consume_back("?") || word.ends_with("...");
    word.consume_back("...");
    const Tensor *operand = call.get(i);
    if (!operand && !optional)
      return call.error() << "expected an input " << i << ", got none";
    if (operand && !isKind(word, *operand))
      return call.unsupported() << "expected input " << i << " to be " << word << ", got " << operand->elementType;
  }
  return success();
}

std::optional<ArrayRef<int64_t>> Call::getList(unsigned i, StringRef attribute) const {
  if (const Tensor *operand = get(i))
    return operand->integers();
  return node.getInts(attribute);
}

FailureOr<int64_t> Call::getInteger(unsigned i) const {
  if (operands[i]->getNumElements() != 1)
    return error() << "expected input " << i << " to have one element, got " << operands[i]->getNumElements();
  return operands[i]->integers().front();
}

FailureOr<double> Call::getReal(unsigned i) const {
  if (operands[i]->getNumElements() != 1)
    return error() << "expected input " << i << " to have one element, got " << operands[i]->getNumElements();
  return operands[i]->reals().front();
}

//===----------------------------------------------------------------------===//
// Results and errors
//===----------------------------------------------------------------------===//

InFlightDiagnostic Call::error() const {
  // Not the op's own emitError, which would show the op as a note.
  return mlir::emitError(node->getLoc()) << "node '" << onnx::getDisplayName(node) << "' (" << onnx::getOperatorName(node) << "): ";
}

InFlightDiagnostic Call::unsupported() const { return markUnsupported(error()); }

LogicalResult Call::checkShape(ArrayRef<int64_t> shape) const {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0)
      return error() << "expected sizes that are not negative, got " << size;
    if (llvm::MulOverflow(count, std::max<int64_t>(size, 1), count) || count > maxElements)
      return error() << "expected a result of at most " << maxElements << " elements, got more";
  }
  return success();
}

Tensor *Call::addResult(Type elementType, ArrayRef<int64_t> shape) {
  if (failed(checkShape(shape)))
    return nullptr;
  results.push_back(makeTensor(elementType, shape));
  return &results.back();
}

FailureOr<int64_t> Call::getAxis(int64_t axis, int64_t rank) const {
  if (axis < -rank || axis >= rank)
    return error() << "expected an axis between " << -rank << " and " << rank - 1 << ", got " << axis;
  return axis < 0 ? axis + rank : axis;
}

FailureOr<Dims> Call::getAxes(ArrayRef<int64_t> axes, int64_t rank) const {
  Dims sorted;
  for (int64_t axis : axes) {
    FailureOr<int64_t> normal = getAxis(axis, rank);
    if (failed(normal))
      return failure();
    sorted.push_back(*normal);
  }
  llvm::sort(sorted);
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return error() << "expected axes without duplicates";
  return sorted;
}

} // namespace bn::reference
