// Operator.h - what one ONNX operator is to the interpreter, and what a call of it gives to its function.
// SPDX-License-Identifier: Apache-2.0
//
// Every operator file has a table of `Operator`s: name, operands, function. Operands are checked against the table before
// the function runs, so that a function reads real numbers only where there are some.

#ifndef BN_LIB_REFERENCE_OPERATOR_H
#define BN_LIB_REFERENCE_OPERATOR_H

#include "Index.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Reference/Tensor.h"

namespace bn::reference {

/// One evaluation of one node.
struct Call {
  mutable onnx::NodeOpInterface node; ///< mutable because MLIR's ops are values that know no const
  llvm::ArrayRef<const Tensor *> operands;
  llvm::SmallVectorImpl<Tensor> &results;

  /// The operand, or null where it is absent.
  const Tensor *get(unsigned i) const { return i < operands.size() ? operands[i] : nullptr; }
  /// An operand that the operator's table entry says is there.
  const Tensor &operator[](unsigned i) const { return *operands[i]; }
  int64_t version() const { return node.getSchemaVersion(); }
  /// Whether the node asks for its result `i`.
  bool wantsResult(unsigned i) const { return i < node->getNumResults() && !isa<mlir::NoneType>(node->getResult(i).getType()); }

  /// Starts an error on the node; converts to failure.
  mlir::InFlightDiagnostic error() const;
  /// The same where the model is right and the interpreter lacks something.
  mlir::InFlightDiagnostic unsupported() const;
  /// Adds a result of zeros. Null, after an error, where the shape is impossible.
  Tensor *addResult(mlir::Type elementType, llvm::ArrayRef<int64_t> shape);
  /// Fails with an error for a negative or an absurd size.
  mlir::LogicalResult checkShape(llvm::ArrayRef<int64_t> shape) const;

  /// `axis` counted from the front, or failure where there is no such axis.
  mlir::FailureOr<int64_t> getAxis(int64_t axis, int64_t rank) const;
  /// The same for a list without duplicates; sorted.
  mlir::FailureOr<Dims> getAxes(llvm::ArrayRef<int64_t> axes, int64_t rank) const;
  /// The list that is operand `i` or the attribute, as operators had it before it became an operand; nothing where neither is given.
  std::optional<llvm::ArrayRef<int64_t>> getList(unsigned i, llvm::StringRef attribute) const;
  /// The only element of an integer or a real operand; failure, with an error, where it has more or fewer.
  mlir::FailureOr<int64_t> getInteger(unsigned i) const;
  mlir::FailureOr<double> getReal(unsigned i) const;
};

struct Operator {
  llvm::StringLiteral name;
  /// One word an operand: `real`, `integer` (with bool), `number` (either), `any` (tensor), `sequence`, `value` (everything);
  /// `?` where it may be absent, `...` where it may be repeated.
  llvm::StringLiteral operands;
  mlir::LogicalResult (*evaluate)(Call &call);
};

/// The operator, or null where the interpreter does not know it.
const Operator *findOperator(llvm::StringRef name);

/// Fails with an error where the operands are not those of the table entry.
mlir::LogicalResult checkOperands(const Call &call, const Operator &op);

// The tables, one a file.
llvm::ArrayRef<Operator> getActivations();
llvm::ArrayRef<Operator> getArithmetic();
llvm::ArrayRef<Operator> getCasts();
llvm::ArrayRef<Operator> getConcats();
llvm::ArrayRef<Operator> getConvolutions();
llvm::ArrayRef<Operator> getDetections();
llvm::ArrayRef<Operator> getEinsums();
llvm::ArrayRef<Operator> getFeatures();
llvm::ArrayRef<Operator> getGathers();
llvm::ArrayRef<Operator> getGridSamples();
llvm::ArrayRef<Operator> getLinearModels();
llvm::ArrayRef<Operator> getLogic();
llvm::ArrayRef<Operator> getMachineLearning();
llvm::ArrayRef<Operator> getMatrices();
llvm::ArrayRef<Operator> getNormalizations();
llvm::ArrayRef<Operator> getOptionals();
llvm::ArrayRef<Operator> getPads();
llvm::ArrayRef<Operator> getPatches();
llvm::ArrayRef<Operator> getPoolings();
llvm::ArrayRef<Operator> getQuantizations();
llvm::ArrayRef<Operator> getRandoms();
llvm::ArrayRef<Operator> getRecurrents();
llvm::ArrayRef<Operator> getReductions();
llvm::ArrayRef<Operator> getReshapes();
llvm::ArrayRef<Operator> getResizes();
llvm::ArrayRef<Operator> getRunningSums();
llvm::ArrayRef<Operator> getSearches();
llvm::ArrayRef<Operator> getSelections();
llvm::ArrayRef<Operator> getSequences();
llvm::ArrayRef<Operator> getSignals();
llvm::ArrayRef<Operator> getSoftmaxes();
llvm::ArrayRef<Operator> getTexts();
llvm::ArrayRef<Operator> getTreeEnsembles();
llvm::ArrayRef<Operator> getUpdates();

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_OPERATOR_H
