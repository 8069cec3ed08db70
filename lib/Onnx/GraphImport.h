// GraphImport.h - graphs and functions of a model as functions and regions of graph form.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_GRAPHIMPORT_H
#define BN_LIB_ONNX_GRAPHIMPORT_H

#include "Operators.h"

#include "bn/Onnx/Import.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include "llvm/ADT/StringSet.h"

#include <list>

namespace bn::onnx {

/// The symbol of a model-local function: `domain::name`, and `:overload` where it has one.
std::string getFunctionSymbol(llvm::StringRef domain, llvm::StringRef name, llvm::StringRef overload);

/// Imports the nodes of one graph or function, with its subgraphs. Takes apart the messages that it is given.
class GraphImporter {
public:
  /// `blobs` may lack the contents that are in the messages.
  GraphImporter(mlir::OpBuilder builder, OpsetImports imports, const BlobMap &blobs)
      : builder(builder), imports(std::move(imports)), blobs(blobs) {}

  /// Makes a function of the main graph. `constantInputs` tells whether initializers that are also inputs are constants.
  llvm::Expected<mlir::func::FuncOp> importMain(proto::GraphProto &graph, bool constantInputs);

  /// Makes a private function of a model-local function.
  llvm::Expected<mlir::func::FuncOp> importFunction(proto::FunctionProto &function);

  /// Imports `nodes` where the builder stands, `values` being known by name, and returns the values named `results`.
  llvm::Expected<llvm::SmallVector<mlir::Value>>
  importNodes(google::protobuf::RepeatedPtrField<proto::NodeProto> &nodes, const llvm::StringMap<mlir::Value> &values,
              llvm::ArrayRef<llvm::StringRef> results);

private:
  /// Names of one graph; those around it are in the scopes before.
  struct Scope {
    llvm::StringMap<mlir::Value> values;
    llvm::StringMap<const proto::TypeProto *> declared;
  };

  /// The node's subgraphs as regions, and what `onnx.node` says of them.
  struct Bodies {
    std::vector<std::unique_ptr<mlir::Region>> regions;
    llvm::SmallVector<mlir::Attribute> graphs;
    llvm::StringMap<std::vector<proto::TypeProto>> types;
  };
  /// All that an op is made of.
  struct Pieces {
    mlir::Location loc;
    const proto::NodeProto &node;
    int64_t version;
    llvm::SmallVector<mlir::Value> operands;
    llvm::SmallVector<mlir::Type> results;
    mlir::DictionaryAttr attributes;
    Bodies bodies;

    llvm::StringRef getDomain() const { return normalizeDomain(node.domain()); }
    bool is(llvm::StringRef opType) const { return getDomain().empty() && node.op_type() == opType; }
  };

  using ValueInfos = google::protobuf::RepeatedPtrField<proto::ValueInfoProto>;
  using Tensors = llvm::SmallVector<std::unique_ptr<proto::TensorProto>>;

  void declareTypes(const ValueInfos &infos);
  void declareTypes(const proto::GraphProto &graph);
  mlir::Type getDeclaredType(llvm::StringRef name) const;
  llvm::Error define(llvm::StringRef name, mlir::Value value);
  llvm::Expected<mlir::Value> lookUp(llvm::StringRef name) const;
  llvm::Expected<llvm::SmallVector<mlir::Value>> lookUpOutputs(llvm::ArrayRef<llvm::StringRef> names) const;
  mlir::ArrayAttr getDangling(const ValueInfos &infos) const;
  static llvm::SmallVector<llvm::StringRef> getNames(const ValueInfos &infos);

  /// Leaves what the IR does not hold.
  static void clearContents(proto::GraphProto &graph);

  /// A function with an empty scope, in whose body the builder then stands.
  mlir::func::FuncOp startFunction(llvm::StringRef symbol, llvm::StringRef name);
  /// Ends the function with the values named `outputs`; notes the names in `infos` that no value has.
  llvm::Error finishFunction(mlir::func::FuncOp function, llvm::ArrayRef<llvm::StringRef> outputs, const ValueInfos &infos);
  /// Adds the arguments for inputs that are not in `constants`.
  llvm::Error importInputs(proto::GraphProto &graph, mlir::func::FuncOp function, const llvm::StringSet<> &constants);

  /// Takes the initializers out that give an input its default value.
  static Tensors takeDefaults(proto::GraphProto &graph);
  llvm::Error setDefaults(const Tensors &defaults, mlir::func::FuncOp function);
  llvm::Error importInitializers(proto::GraphProto &graph);
  llvm::Error importInitializer(const proto::TensorProto &tensor);
  llvm::Error importSparseInitializer(const proto::SparseTensorProto &tensor);

  llvm::Error importNodeList(google::protobuf::RepeatedPtrField<proto::NodeProto> &nodes);
  llvm::Error importNode(proto::NodeProto &node);
  llvm::Expected<Bodies> importBodies(proto::NodeProto &node);
  llvm::Error importBody(proto::GraphProto &graph, llvm::StringRef attribute, Bodies &bodies);
  llvm::Expected<mlir::DictionaryAttr> importAttributes(const proto::NodeProto &node);

  mlir::Operation *createOp(Pieces &pieces);
  mlir::Operation *createConstant(Pieces &pieces);
  mlir::Operation *createBatchNorm(Pieces &pieces);
  mlir::Operation *createDefinedOp(Pieces &pieces);
  mlir::Operation *createGenericNode(Pieces &pieces);
  llvm::Error nameResults(mlir::Operation *op, const proto::NodeProto &node, std::vector<proto::TypeProto> &types);

  /// Types of the outputs, declared or inferred; fills `elements` with what is known of integer vectors.
  std::vector<proto::TypeProto> getOutputTypes(const proto::OpSchema *schema, proto::NodeProto &node, mlir::ValueRange operands,
                                               Bodies &bodies, llvm::DenseMap<unsigned, proto::TensorShapeProto> &elements);
  const proto::TypeProto *getTypeProto(mlir::Value value);
  const proto::TensorProto *getSmallConstant(mlir::Value value);

  mlir::OpBuilder builder;
  OpsetImports imports;
  const BlobMap &blobs;
  std::list<Scope> scopes;
  mlir::Value absent; ///< the function's `onnx.absent`

  // What inference knows of values beyond their types in the IR.
  llvm::DenseMap<mlir::Value, std::unique_ptr<proto::TypeProto>> typeProtos;
  llvm::DenseMap<mlir::Value, std::unique_ptr<proto::TensorProto>> constants;
  llvm::DenseMap<mlir::Value, std::unique_ptr<proto::TensorShapeProto>> vectors;
};

} // namespace bn::onnx

#endif // BN_LIB_ONNX_GRAPHIMPORT_H
