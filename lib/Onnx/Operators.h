// Operators.h - what the ONNX library knows of operators: schemas, and types of results from types of operands.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_ONNX_OPERATORS_H
#define BN_LIB_ONNX_OPERATORS_H

#include "Proto.h"

#include "llvm/ADT/StringMap.h"

#include <vector>

namespace onnx {
class OpSchema;
}

namespace bn::onnx {

/// Versions of the operator sets that a graph or function imports, by domain; "" is the default one.
using OpsetImports = llvm::StringMap<int64_t>;

/// The domain, with the default one always spelled "".
inline llvm::StringRef normalizeDomain(llvm::StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

/// Reads the imports of a model or function.
OpsetImports getOpsetImports(const google::protobuf::RepeatedPtrField<proto::OperatorSetIdProto> &imports);

/// The operator's schema under these imports; null where there is none.
const proto::OpSchema *findSchema(llvm::StringRef opType, llvm::StringRef domain, const OpsetImports &imports);

/// The version that an op of graph form carries: that of the schema, else that of the domain, else 1.
int64_t getVersion(const proto::OpSchema *schema, llvm::StringRef domain, const OpsetImports &imports);

/// What is known of a node's inputs. Null where nothing is.
struct NodeInputs {
  std::vector<const proto::TypeProto *> types;
  std::vector<const proto::TensorProto *> values;       ///< of small constants
  std::vector<const proto::TensorShapeProto *> shapes;  ///< small integer tensors whose elements are partly known
  llvm::StringMap<std::vector<proto::TypeProto>> bodies; ///< types of the results of subgraphs, by attribute
};

/// Types of the node's outputs by ONNX's inference, as far as it can tell. Errors: the inputs contradict the schema.
llvm::Expected<std::vector<proto::TypeProto>> inferOutputTypes(const proto::OpSchema *schema, proto::NodeProto &node,
                                                               const NodeInputs &inputs, const OpsetImports &imports);

/// Elements of outputs that are small integer tensors made from shapes, by output number.
llvm::DenseMap<unsigned, proto::TensorShapeProto> propagateShapes(const proto::OpSchema *schema, const proto::NodeProto &node,
                                                                  const NodeInputs &inputs,
                                                                  const std::vector<proto::TypeProto> &outputTypes);

} // namespace bn::onnx

#endif // BN_LIB_ONNX_OPERATORS_H
