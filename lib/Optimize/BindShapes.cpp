// BindShapes.cpp - infers every type from the types of the arguments, in one forward walk.
// SPDX-License-Identifier: Apache-2.0
//
// The caller made the arguments' types static, or names sizes of symbolic dimensions by the option. Shape arithmetic turns
// into constants on the way, so that what depends on it becomes static as well. Types come from the ONNX library.

#include "ConstantFolding.h"
#include "Initializers.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/SchemaInterface.h"
#include "bn/Optimize/Passes.h"

namespace bn {
#define GEN_PASS_DEF_BINDSHAPESPASS
#include "bn/Optimize/Passes.h.inc"
} // namespace bn

using namespace mlir;
using namespace bn;

/// Reads `name=size`.
static LogicalResult parseSize(StringRef text, Operation *op, llvm::StringMap<int64_t> &sizes) {
  auto [name, size] = text.rsplit('=');
  int64_t value;
  if (name.empty() || size.getAsInteger(10, value) || value < 0)
    return op->emitError("expected 'dims' entries of the form name=size, got '") << text << "'";
  sizes[name] = value;
  return success();
}

/// The type with the sizes of its symbolic dimensions.
static Type bind(Type type, ArrayAttr dimParams, const llvm::StringMap<int64_t> &sizes) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !dimParams)
    return type;
  SmallVector<int64_t> shape(tensor.getShape());
  for (auto [size, name] : llvm::zip(shape, dimParams.getAsValueRange<StringAttr>()))
    if (auto found = sizes.find(name); ShapedType::isDynamic(size) && found != sizes.end())
      size = found->second;
  return tensor.clone(shape);
}

/// Gives the results of `op` the types that follow from its operands.
static LogicalResult inferTypes(Operation *op, const onnx::SchemaInterface &schema) {
  // What a body computes is known when it runs, and so is what it yields and what is made of that.
  bool waits = llvm::any_of(op->getOperandTypes(), llvm::IsaPred<onnx::AnyType>);
  if (!isa<onnx::NodeOpInterface>(op) || op->getNumRegions() > 0 || !isa<func::FuncOp>(op->getParentOp()) || waits)
    return success();
  // A loop that begins with an optional of a value goes on with the value itself.
  auto node = cast<onnx::NodeOpInterface>(op);
  if (node.is("OptionalGetElement") && !isa<onnx::OptionalType>(op->getOperand(0).getType())) {
    op->getResult(0).setType(op->getOperand(0).getType());
    return success();
  }
  auto constant = [&](unsigned i) { return getConstantValue(op->getOperand(i)); };
  SmallVector<Type> types;
  // Bodies of the standard's functions give Range vectors of one element, which inference refuses; such a node tells its type when it
  // runs.
  bool isRange = node.is("Range");
  std::optional<ScopedDiagnosticHandler> silence;
  if (isRange)
    silence.emplace(op->getContext(), [](Diagnostic &) { return success(); });
  if (failed(schema.inferTypes(op, constant, types)))
    return success(isRange);
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
    result.setType(type);
  return success();
}

namespace {

struct BindShapesPass : public bn::impl::BindShapesPassBase<BindShapesPass> {
  using BindShapesPassBase::BindShapesPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto *schema = getContext().getLoadedDialect<onnx::OnnxDialect>()->getRegisteredInterface<onnx::SchemaInterface>();
    if (!schema) {
      function.emitError("expected the ONNX library to be registered");
      return signalPassFailure();
    }
    if (failed(bindArguments(function)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    ResultStore store({});
    auto infer = [&](Operation *op) { return inferTypes(op, *schema); };
    if (failed(foldFunction(function, rewriter, store, infer)))
      signalPassFailure();
  }

private:
  /// Gives the symbolic dimensions of the arguments the sizes of the option.
  LogicalResult bindArguments(func::FuncOp function) {
    llvm::StringMap<int64_t> sizes;
    for (const std::string &text : dims)
      if (failed(parseSize(text, function, sizes)))
        return failure();
    for (BlockArgument argument : function.getArguments()) {
      auto dimParams = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), onnx::attr::dimParams);
      argument.setType(bind(argument.getType(), dimParams, sizes));
    }
    return success();
  }
};

} // namespace
