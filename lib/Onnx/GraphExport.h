// GraphExport.h - functions and regions of graph form as graphs and functions of a model.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_GRAPHEXPORT_H
#define BN_LIB_ONNX_GRAPHEXPORT_H

#include "Operators.h"
#include "bn/IR/Onnx/FreshNames.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace bn::onnx {

/// Writes one function with its subgraphs. What was imported stays verbatim where the IR still says it.
class GraphExporter {
public:
  /// Large contents of tensors go to `blobs`.
  GraphExporter(const OpsetImports &imports, BlobMap &blobs) : imports(imports), blobs(blobs) {}

  /// Writes the main graph.
  llvm::Error exportMain(mlir::func::FuncOp function, proto::GraphProto &graph);

  /// Writes a model-local function, whose message without nodes `result` already is.
  llvm::Error exportFunction(mlir::func::FuncOp function, proto::FunctionProto &result);

private:
  using Nodes = google::protobuf::RepeatedPtrField<proto::NodeProto>;
  using ValueInfos = google::protobuf::RepeatedPtrField<proto::ValueInfoProto>;

  /// Values of one graph by name.
  struct Scope {
    llvm::StringMap<mlir::Value> values;
    /// Outputs that cannot have the name that the graph gives them: name and value.
    llvm::SmallVector<std::pair<llvm::StringRef, mlir::Value>> identities;
  };

  void nameValue(mlir::Value value, Scope &scope);
  void nameOutputs(llvm::ArrayRef<llvm::StringRef> names, mlir::ValueRange values, mlir::Block &block, Scope &scope);
  void nameBlock(mlir::Block &block, Scope &scope);
  std::string getName(mlir::Value value) const { return value ? names.lookup(value) : std::string(); }

  llvm::Error exportOps(mlir::Block &block, Scope &scope, Nodes &nodes, proto::GraphProto *graph);
  llvm::Error exportNodeOp(mlir::Operation *op, proto::NodeProto &node);
  llvm::Error exportBodies(mlir::Operation *op, proto::NodeProto &node);
  llvm::Error exportBody(mlir::Region &region, mlir::DictionaryAttr entry, proto::GraphProto &graph);
  llvm::Error exportInitializer(mlir::ElementsAttr value, mlir::StringAttr residue, llvm::StringRef name, proto::GraphProto &graph);

  void exportInputs(mlir::Block &block, const Scope &scope, ValueInfos &infos,
                    llvm::function_ref<mlir::ArrayAttr(unsigned)> getDimParams);
  void exportOutputs(llvm::ArrayRef<llvm::StringRef> outputs, mlir::ValueRange values, ValueInfos &infos);
  static void exportValueInfos(const Scope &scope, mlir::ArrayAttr dangling, ValueInfos &infos);

  const OpsetImports &imports;
  BlobMap &blobs;
  FreshNames freshNames; ///< every name of the function, so that a new one is new everywhere
  llvm::DenseMap<mlir::Value, std::string> names;
};

} // namespace bn::onnx

#endif // BN_LIB_ONNX_GRAPHEXPORT_H
