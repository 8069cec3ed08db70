// NormalizeOp.cpp - verifier of kernel.normalize.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Kernel/Kernel.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace bn::kernel;

int64_t NormalizeOp::countYields(Region &region) { return region.empty() ? 0 : region.front().back().getNumOperands(); }

static ArrayRef<int64_t> shapeOf(Value value) { return cast<ShapedType>(value.getType()).getShape(); }

/// C1 and C2: an operand repeats along dimensions of size 1; one of groups does along all that are reduced.
static LogicalResult verifyShape(NormalizeOp op, Value operand, bool ofGroups) {
  ArrayRef<int64_t> domain = shapeOf(op.getElements()[0]), shape = shapeOf(operand);
  bool fits = shape.size() == domain.size();
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = shape[i] == 1 || (shape[i] == domain[i] && !(ofGroups && llvm::is_contained(op.getReduced(), i)));
  if (fits)
    return success();
  return op.emitOpError("expected ") << (ofGroups ? "an operand of groups" : "an operand") << " to repeat to the elements "
                                     << op.getElements()[0].getType() << ", got " << operand.getType();
}

/// C3: the numbers of arguments and of results of a region.
static LogicalResult verifyRegion(NormalizeOp op, StringRef name, Region &region, size_t arguments) {
  if (region.empty())
    return success();
  if (region.getNumArguments() != arguments)
    return op.emitOpError("expected '") << name << "' to have " << arguments << " arguments, got " << region.getNumArguments();
  if (region.front().empty() || !isa<YieldOp>(region.front().back()))
    return op.emitOpError("expected '") << name << "' to end in kernel.yield";
  return success();
}

LogicalResult NormalizeOp::verify() {
  if (getElements().empty() || getInits().empty())
    return emitOpError("expected elements and a scratch");
  for (Value operand : llvm::concat<Value>(llvm::to_vector(getElements()), llvm::to_vector(getExtras()),
                                           llvm::to_vector(getInits().take_front(getMap().empty() ? 0 : 1))))
    if (failed(verifyShape(*this, operand, false)))
      return failure();
  for (Value operand : llvm::concat<Value>(llvm::to_vector(getGroups()), llvm::to_vector(getStatistics())))
    if (failed(verifyShape(*this, operand, true)))
      return failure();
  size_t elements = getElements().size(), groups = getGroups().size();
  if (failed(verifyRegion(*this, "sample", getSample(), elements + groups)))
    return failure();
  int64_t samples = countYields(getSample());
  if (failed(verifyRegion(*this, "center", getCenter(), groups + samples)))
    return failure();
  int64_t centers = countYields(getCenter());
  if (failed(verifyRegion(*this, "terms", getTerms(), elements + groups + centers)))
    return failure();
  int64_t terms = countYields(getTerms());
  if (failed(verifyRegion(*this, "finish", getFinish(), groups + centers + terms)))
    return failure();
  int64_t coefficients = countYields(getFinish()) - getNumStatistics();
  if (coefficients < 0)
    return emitOpError("expected 'finish' to yield ") << getNumStatistics() << " statistics, got " << countYields(getFinish()) << " values";
  if (failed(verifyRegion(*this, "map", getMap(), elements + getExtras().size() + groups + centers + coefficients)))
    return failure();
  int64_t numGroups = 1;
  for (auto [i, size] : llvm::enumerate(shapeOf(getElements()[0])))
    numGroups *= llvm::is_contained(getReduced(), i) ? 1 : size;
  int64_t slots = getScratchSlots(samples, terms, centers, coefficients);
  if (shapeOf(getScratch()) != ArrayRef<int64_t>({slots, numGroups})) // C4
    return emitOpError("expected a scratch of ") << slots << "x" << numGroups << ", got " << getScratch().getType();
  return success();
}
