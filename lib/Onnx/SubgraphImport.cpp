// SubgraphImport.cpp - the graphs that a node holds, as regions.
// SPDX-License-Identifier: Apache-2.0

#include "GraphImport.h"

#include "AttributeConversion.h"
#include "TypeConversion.h"

#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

Error GraphImporter::importBody(proto::GraphProto &graph, StringRef attribute, Bodies &bodies) {
  Region &region = *bodies.regions.emplace_back(std::make_unique<Region>());
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&region);
  scopes.emplace_back();
  declareTypes(graph);
  Tensors defaults = takeDefaults(graph); // the caller gives these inputs
  for (const proto::ValueInfoProto &input : graph.input()) {
    Value argument = block->addArgument(importType(input.type(), builder.getContext()), builder.getUnknownLoc());
    if (Error error = define(input.name(), argument))
      return error;
    typeProtos[argument] = std::make_unique<proto::TypeProto>(input.type());
  }
  if (Error error = importInitializers(graph))
    return error;
  if (Error error = importNodeList(*graph.mutable_node()))
    return error;
  auto results = lookUpOutputs(getNames(graph.output()));
  if (!results)
    return results.takeError();
  YieldOp::create(builder, builder.getUnknownLoc(), *results);

  auto &types = bodies.types[attribute];
  for (Value result : *results)
    types.push_back(getTypeProto(result) ? *getTypeProto(result) : proto::TypeProto());
  SmallVector<NamedAttribute> entry{builder.getNamedAttr("attribute", builder.getStringAttr(attribute)),
                                    builder.getNamedAttr("inputs", builder.getStrArrayAttr(getNames(graph.input())))};
  if (ArrayAttr dangling = getDangling(graph.value_info()))
    entry.push_back(builder.getNamedAttr("dangling", dangling));
  scopes.pop_back();
  clearContents(graph);
  for (auto &tensor : defaults) {
    if (auto blob = blobs.find(tensor.get()); blob != blobs.end())
      tensor->set_raw_data(blob->second.bytes.data(), blob->second.bytes.size());
    graph.mutable_initializer()->AddAllocated(tensor.release());
  }
  entry.push_back(builder.getNamedAttr("proto", builder.getStringAttr(serialize(graph))));
  bodies.graphs.push_back(builder.getDictionaryAttr(entry));
  return Error::success();
}

Expected<GraphImporter::Bodies> GraphImporter::importBodies(proto::NodeProto &node) {
  Bodies bodies;
  for (proto::AttributeProto &attribute : *node.mutable_attribute()) {
    if (!holdsGraphs(attribute))
      continue;
    // The graphs leave the message, which keeps empty ones.
    SmallVector<std::unique_ptr<proto::GraphProto>> graphs;
    if (attribute.has_g()) {
      graphs.emplace_back(attribute.release_g());
      attribute.mutable_g();
    }
    for (proto::GraphProto &graph : *attribute.mutable_graphs()) {
      graphs.push_back(std::make_unique<proto::GraphProto>());
      graphs.back()->Swap(&graph);
    }
    for (const auto &graph : graphs)
      if (Error error = importBody(*graph, attribute.name(), bodies))
        return addContext(std::move(error), "subgraph '" + attribute.name() + "': ");
  }
  return std::move(bodies);
}

} // namespace bn::onnx
