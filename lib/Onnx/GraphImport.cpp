// GraphImport.cpp - graphs and functions of a model as functions and regions of graph form.
// SPDX-License-Identifier: Apache-2.0
//
// A message gives its nodes and initializers to the IR; the rest of it stays serialized with the function or the region.

#include "GraphImport.h"

#include "AttributeConversion.h"
#include "TensorConversion.h"
#include "TypeConversion.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

void GraphImporter::declareTypes(const google::protobuf::RepeatedPtrField<proto::ValueInfoProto> &infos) {
  for (const proto::ValueInfoProto &info : infos)
    if (info.has_type())
      scopes.back().declared.try_emplace(info.name(), &info.type());
}

Type GraphImporter::getDeclaredType(StringRef name) const {
  const proto::TypeProto *type = scopes.back().declared.lookup(name);
  return type ? importType(*type, builder.getContext()) : AnyType::get(builder.getContext());
}

Error GraphImporter::define(StringRef name, Value value) {
  if (name.empty())
    return invalidModel("expected every input and initializer to have a name");
  if (!scopes.back().values.try_emplace(name, value).second)
    return invalidModel("expected '" + name + "' to be defined once");
  return Error::success();
}

Expected<Value> GraphImporter::lookUp(StringRef name) const {
  for (const Scope &scope : llvm::reverse(scopes))
    if (Value value = scope.values.lookup(name))
      return value;
  return invalidModel("expected '" + name + "' to be an input, an initializer or the output of a node before");
}

Expected<SmallVector<Value>> GraphImporter::lookUpOutputs(ArrayRef<StringRef> names) const {
  SmallVector<Value> values;
  for (StringRef name : names) {
    auto value = name.empty() ? Expected<Value>(absent) : lookUp(name);
    if (!value)
      return addContext(value.takeError(), "graph output: ");
    values.push_back(*value);
  }
  return values;
}

ArrayAttr GraphImporter::getDangling(const google::protobuf::RepeatedPtrField<proto::ValueInfoProto> &infos) const {
  SmallVector<StringRef> names;
  for (const proto::ValueInfoProto &info : infos)
    if (!scopes.back().values.contains(info.name()))
      names.push_back(info.name());
  return names.empty() ? ArrayAttr() : Builder(builder.getContext()).getStrArrayAttr(names);
}

static SmallVector<StringRef> getNames(const google::protobuf::RepeatedPtrField<proto::ValueInfoProto> &infos) {
  return llvm::map_to_vector(infos, [](const proto::ValueInfoProto &info) -> StringRef { return info.name(); });
}

//===----------------------------------------------------------------------===//
// Initializers
//===----------------------------------------------------------------------===//

Error GraphImporter::importInitializer(const proto::TensorProto &tensor) {
  auto value = importTensor(tensor, blobs, builder.getContext());
  if (!value)
    return addContext(value.takeError(), "initializer '" + tensor.name() + "': ");
  auto op = ConstantOp::create(builder, NameLoc::get(builder.getStringAttr(tensor.name())), *value);
  setOutputNames(op, {tensor.name()});
  if (auto residue = getTensorResidue(tensor, *value))
    op->setAttr(attr::residue, builder.getStringAttr(serialize(*residue)));
  return define(tensor.name(), op.getResult());
}

Error GraphImporter::importSparseInitializer(const proto::SparseTensorProto &tensor) {
  const std::string &name = tensor.values().name();
  proto::TensorProto dense;
  dense.set_data_type(tensor.values().data_type());
  *dense.mutable_dims() = tensor.dims();
  auto type = importTensorType(dense, builder.getContext());
  if (!type)
    return addContext(type.takeError(), "sparse initializer '" + name + "': ");
  auto op = SparseConstantOp::create(builder, NameLoc::get(builder.getStringAttr(name)), SparseType::get(builder.getContext(), *type),
                                     ProtoAttr::get(builder.getContext(), serialize(tensor)));
  setOutputNames(op, {name});
  return define(name, op.getResult());
}

Error GraphImporter::importInitializers(proto::GraphProto &graph) {
  for (const proto::TensorProto &tensor : graph.initializer())
    if (Error error = importInitializer(tensor))
      return error;
  for (const proto::SparseTensorProto &tensor : graph.sparse_initializer())
    if (Error error = importSparseInitializer(tensor))
      return error;
  return Error::success();
}

/// Takes the initializers out that give an input its default value.
static SmallVector<std::unique_ptr<proto::TensorProto>> takeDefaults(proto::GraphProto &graph) {
  StringSet<> inputs;
  for (const proto::ValueInfoProto &input : graph.input())
    inputs.insert(input.name());
  google::protobuf::RepeatedPtrField<proto::TensorProto> all;
  all.Swap(graph.mutable_initializer());
  SmallVector<proto::TensorProto *> tensors(all.size());
  all.ExtractSubrange(0, all.size(), tensors.data());
  SmallVector<std::unique_ptr<proto::TensorProto>> defaults;
  for (proto::TensorProto *tensor : tensors)
    if (inputs.contains(tensor->name()))
      defaults.emplace_back(tensor);
    else
      graph.mutable_initializer()->AddAllocated(tensor);
  return defaults;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Names of the symbolic dimensions of a tensor; null where there is none.
static ArrayAttr getDimParams(const proto::TypeProto &type, MLIRContext *context) {
  SmallVector<StringRef> names;
  for (const auto &dim : type.tensor_type().shape().dim())
    names.push_back(dim.dim_param());
  bool any = llvm::any_of(names, [](StringRef name) { return !name.empty(); });
  return any ? Builder(context).getStrArrayAttr(names) : ArrayAttr();
}

/// Adds the arguments for inputs that are not in `constants`.
Error GraphImporter::importInputs(proto::GraphProto &graph, func::FuncOp function, const StringSet<> &constants) {
  for (const proto::ValueInfoProto &input : graph.input()) {
    if (constants.contains(input.name()))
      continue;
    SmallVector<NamedAttribute> attributes{builder.getNamedAttr(attr::name, builder.getStringAttr(input.name()))};
    if (ArrayAttr params = getDimParams(input.type(), builder.getContext()))
      attributes.push_back(builder.getNamedAttr(attr::dimParams, params));
    unsigned number = function.getNumArguments();
    if (failed(function.insertArgument(number, importType(input.type(), builder.getContext()), builder.getDictionaryAttr(attributes),
                                       builder.getUnknownLoc())))
      return invalidModel("cannot make an argument of graph input '" + input.name() + "'");
    if (Error error = define(input.name(), function.getArgument(number)))
      return error;
    typeProtos[function.getArgument(number)] = std::make_unique<proto::TypeProto>(input.type());
  }
  return Error::success();
}

/// Ends the function with its results, whose names stay with it.
static void finishFunction(OpBuilder &builder, func::FuncOp function, ArrayRef<StringRef> names, ArrayRef<Value> results) {
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(), TypeRange(ValueRange(results))));
  for (auto [i, name] : llvm::enumerate(names))
    function.setResultAttr(i, attr::name, builder.getStringAttr(name));
}

Expected<func::FuncOp> GraphImporter::importMain(proto::GraphProto &graph, bool constantInputs) {
  StringRef name = graph.name().empty() ? StringRef("main") : StringRef(graph.name());
  auto function = func::FuncOp::create(builder, NameLoc::get(builder.getStringAttr(name)), name, builder.getFunctionType({}, {}));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(function.addEntryBlock());
  absent = AbsentOp::create(builder, function.getLoc(), builder.getNoneType());
  scopes.emplace_back();
  declareTypes(graph.input());
  declareTypes(graph.output());
  declareTypes(graph.value_info());

  proto::GraphProto order; // of initializers, where some of them become arguments
  SmallVector<std::unique_ptr<proto::TensorProto>> defaults;
  StringSet<> constants;
  for (const proto::TensorProto &tensor : graph.initializer()) {
    order.add_initializer()->set_name(tensor.name());
    constants.insert(tensor.name());
  }
  if (!constantInputs) {
    defaults = takeDefaults(graph);
    constants.clear();
  }
  if (Error error = importInputs(graph, function, constants))
    return std::move(error);
  for (const auto &tensor : defaults) {
    auto value = importTensor(*tensor, blobs, builder.getContext());
    if (!value)
      return addContext(value.takeError(), "initializer '" + tensor->name() + "': ");
    unsigned number = cast<BlockArgument>(scopes.back().values.lookup(tensor->name())).getArgNumber();
    if (function.getArgAttr(number, attr::defaultValue))
      return invalidModel("expected '" + tensor->name() + "' to be defined once");
    function.setArgAttr(number, attr::defaultValue, *value);
    if (auto residue = getTensorResidue(*tensor, *value))
      function.setArgAttr(number, attr::residue, builder.getStringAttr(serialize(*residue)));
  }
  if (Error error = importInitializers(graph))
    return std::move(error);
  if (Error error = importNodeList(*graph.mutable_node()))
    return std::move(error);
  SmallVector<StringRef> names = getNames(graph.output());
  auto results = lookUpOutputs(names);
  if (!results)
    return results.takeError();
  finishFunction(builder, function, names, *results);

  if (ArrayAttr dangling = getDangling(graph.value_info()))
    function->setAttr(attr::dangling, dangling);
  if (absent.use_empty())
    absent.getDefiningOp()->erase();
  graph.clear_node();
  graph.clear_initializer();
  graph.clear_sparse_initializer();
  if (!defaults.empty())
    graph.MergeFrom(order);
  function->setAttr(attr::graph, builder.getStringAttr(serialize(graph)));
  return function;
}

Expected<func::FuncOp> GraphImporter::importFunction(proto::FunctionProto &function) {
  std::string symbol = getFunctionSymbol(function.domain(), function.name(), function.overload());
  auto op = func::FuncOp::create(builder, NameLoc::get(builder.getStringAttr(function.name())), symbol, builder.getFunctionType({}, {}));
  op.setPrivate();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.addEntryBlock());
  absent = AbsentOp::create(builder, op.getLoc(), builder.getNoneType());
  scopes.emplace_back();
  declareTypes(function.value_info());
  for (const std::string &input : function.input()) {
    auto name = builder.getDictionaryAttr(builder.getNamedAttr(attr::name, builder.getStringAttr(input)));
    unsigned number = op.getNumArguments();
    if (failed(op.insertArgument(number, getDeclaredType(input), name, builder.getUnknownLoc())))
      return invalidModel("cannot make an argument of input '" + input + "'");
    if (Error error = define(input, op.getArgument(number)))
      return std::move(error);
  }
  if (Error error = importNodeList(*function.mutable_node()))
    return std::move(error);
  SmallVector<StringRef> names(function.output().begin(), function.output().end());
  auto results = lookUpOutputs(names);
  if (!results)
    return results.takeError();
  finishFunction(builder, op, names, *results);
  if (ArrayAttr dangling = getDangling(function.value_info()))
    op->setAttr(attr::dangling, dangling);
  if (absent.use_empty())
    absent.getDefiningOp()->erase();
  function.clear_node();
  op->setAttr(attr::function, builder.getStringAttr(serialize(function)));
  return op;
}

Expected<SmallVector<Value>> GraphImporter::importNodes(google::protobuf::RepeatedPtrField<proto::NodeProto> &nodes,
                                                        const llvm::StringMap<Value> &values, ArrayRef<StringRef> results) {
  absent = AbsentOp::create(builder, builder.getUnknownLoc(), builder.getNoneType());
  scopes.push_back({values, {}});
  if (Error error = importNodeList(nodes))
    return std::move(error);
  auto found = lookUpOutputs(results);
  if (absent.use_empty())
    absent.getDefiningOp()->erase();
  return found;
}

//===----------------------------------------------------------------------===//
// Subgraphs
//===----------------------------------------------------------------------===//

Error GraphImporter::importBody(proto::GraphProto &graph, StringRef attribute, Bodies &bodies) {
  Region &region = *bodies.regions.emplace_back(std::make_unique<Region>());
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&region);
  scopes.emplace_back();
  declareTypes(graph.input());
  declareTypes(graph.output());
  declareTypes(graph.value_info());
  SmallVector<std::unique_ptr<proto::TensorProto>> defaults = takeDefaults(graph); // the caller gives these inputs
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
  SmallVector<StringRef> names = getNames(graph.output());
  auto results = lookUpOutputs(names);
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
  graph.clear_node();
  graph.clear_initializer();
  graph.clear_sparse_initializer();
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

std::string getFunctionSymbol(StringRef domain, StringRef name, StringRef overload) {
  return (normalizeDomain(domain) + "::" + name + (overload.empty() ? "" : ":") + overload).str();
}

} // namespace bn::onnx
