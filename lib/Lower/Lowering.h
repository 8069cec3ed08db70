// Lowering.h - what the lowering of an operator sees: the node, its operands in kernel form, and a builder.
// SPDX-License-Identifier: Apache-2.0
//
// An operator is lowered by a function in the file of its ONNX category, entered in the one table by the `add…` function
// at the end of that file. The function reads the node through NodeLowering, builds tensors with the helpers of
// TensorOps.h, and hands over the results; or it fails with a message, which becomes the one error of the pass.

#ifndef BN_LIB_LOWER_LOWERING_H
#define BN_LIB_LOWER_LOWERING_H

#include "bn/IR/Onnx/Onnx.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"
#include "llvm/ADT/StringMap.h"

namespace bn::lower {

/// Tensors in kernel form: i8 for bool, signless integers. Null for an element type that no kernel handles.
mlir::Type getStorageType(mlir::Type onnxElementType);

/// The error of a node, as `node 'x' (Op): message`.
struct NodeError {
  mlir::Operation *node;
  std::string message;
};

/// `node 'x' (Op): message`.
std::string describe(mlir::Operation *node, const llvm::Twine &message);

/// What compiled code has to find out, see Checks.h.
struct NodeCheck {
  mlir::Value failed; ///< tensor<i64>, not zero where the check fails
  std::string message;
};

/// One node on its way to kernel form.
class NodeLowering {
public:
  NodeLowering(mlir::Operation *op, llvm::ArrayRef<mlir::ValueRange> operands, mlir::ConversionPatternRewriter &rewriter,
               int64_t block, bool byteDots, std::vector<NodeError> &errors, std::vector<NodeCheck> &checks)
      : op(op), node(mlir::dyn_cast<onnx::NodeOpInterface>(op)), b(op->getLoc(), rewriter), block(block),
        byteDots(byteDots), checks(checks), operands(operands), errors(errors) {}

  mlir::Operation *op;
  onnx::NodeOpInterface node; ///< null for an op of the bn dialect
  mlir::ImplicitLocOpBuilder b;
  const int64_t block;   ///< channels of a block: the f32 lanes of a vector; 0 for plain layouts without kernels
  const bool byteDots;   ///< whether the target multiplies unsigned bytes by signed ones at once

  unsigned getNumInputs() const { return operands.size(); }
  /// Whether the node gives the optional input `i`.
  bool has(unsigned i) const { return i < operands.size() && !operands[i].empty(); }
  /// Input `i` in kernel form; null when it is absent.
  mlir::Value in(unsigned i) const { return has(i) ? operands[i].front() : mlir::Value(); }
  llvm::SmallVector<mlir::Value> ins() const;
  mlir::RankedTensorType inType(unsigned i) const { return mlir::cast<mlir::RankedTensorType>(in(i).getType()); }
  llvm::ArrayRef<int64_t> inShape(unsigned i) const { return inType(i).getShape(); }
  /// Element type as ONNX has it: signedness and bool included.
  mlir::Type inElement(unsigned i) const;

  unsigned getNumOutputs() const { return op->getNumResults(); }
  bool wants(unsigned i) const;
  /// Type of result `i` in kernel form.
  mlir::RankedTensorType outType(unsigned i = 0) const;
  mlir::Type outElement(unsigned i = 0) const;

  /// The value of an input that is constant, or null.
  mlir::ElementsAttr constant(unsigned i) const;
  /// The integers of a constant input, or nothing.
  std::optional<llvm::SmallVector<int64_t>> constantInts(unsigned i) const;
  /// The numbers of a constant input, or nothing.
  std::optional<llvm::SmallVector<double>> constantReals(unsigned i) const;
  /// A list that older versions have as attribute `name` and newer ones as input `i`; nothing when the node has neither.
  /// Fails when the input is no constant.
  mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>> ints(llvm::StringRef name, unsigned i);
  /// An axis counted from the end made one counted from the start.
  static int64_t wrap(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

  /// Records why the node cannot be lowered.
  mlir::LogicalResult fail(const llvm::Twine &message);

  llvm::SmallVector<mlir::Value> results; ///< set by the lowering; null for an absent result
  std::vector<NodeCheck> &checks;          ///< those of all nodes so far

private:
  llvm::ArrayRef<mlir::ValueRange> operands;
  std::vector<NodeError> &errors;
};

using LoweringFunction = mlir::LogicalResult (*)(NodeLowering &);
/// Operator of the default domain to its lowering. `com.microsoft` operators have their domain in front, with a dot.
using LoweringTable = llvm::StringMap<LoweringFunction>;

/// Every operator that has a lowering.
const LoweringTable &getLoweringTable();
/// The key of a node in the table.
std::string getTableKey(onnx::NodeOpInterface node);
/// The lowering of a node or of an op of the bn dialect; null where there is none.
LoweringFunction findLowering(mlir::Operation *op);

// One function per category; each enters its operators.
void addElementwise(LoweringTable &table);
void addCasts(LoweringTable &table);
void addReductions(LoweringTable &table);
void addSoftmax(LoweringTable &table);
void addNormalizations(LoweringTable &table);
void addMatrixProducts(LoweringTable &table);
void addConvolutions(LoweringTable &table);
void addIntegerProducts(LoweringTable &table);
void addIntegerConvolutions(LoweringTable &table);
void addTransposedConvolutions(LoweringTable &table);
void addPatches(LoweringTable &table);
void addPooling(LoweringTable &table);
void addPoolPlaces(LoweringTable &table);
void addShapeOps(LoweringTable &table);
void addSelections(LoweringTable &table);
void addGathers(LoweringTable &table);
void addScatters(LoweringTable &table);
void addScans(LoweringTable &table);
void addSampling(LoweringTable &table);
void addGridSamples(LoweringTable &table);
void addSignals(LoweringTable &table);
void addResize(LoweringTable &table);
void addQuantization(LoweringTable &table);
void addRecurrents(LoweringTable &table);
void addEinsum(LoweringTable &table);

/// Lowerings of the bn dialect's ops.
mlir::LogicalResult lowerInference(NodeLowering &n);
mlir::LogicalResult lowerAffine(NodeLowering &n);

} // namespace bn::lower

#endif // BN_LIB_LOWER_LOWERING_H
