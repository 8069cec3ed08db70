// GraphImport.cpp - graphs and functions of a model as functions and regions of graph form.
// SPDX-License-Identifier: Apache-2.0
//
// A message gives its nodes and initializers to the IR; the rest of it stays serialized with the function or the region.

#include "GraphImport.h"

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

void GraphImporter::declareTypes(const ValueInfos &infos) {
  for (const proto::ValueInfoProto &info : infos)
    if (info.has_type())
      scopes.back().declared.try_emplace(info.name(), &info.type());
}

void GraphImporter::declareTypes(const proto::GraphProto &graph) {
  declareTypes(graph.input());
  declareTypes(graph.output());
  declareTypes(graph.value_info());
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

ArrayAttr GraphImporter::getDangling(const ValueInfos &infos) const {
  SmallVector<StringRef> names;
  for (const proto::ValueInfoProto &info : infos)
    if (!scopes.back().values.contains(info.name()))
      names.push_back(info.name());
  return names.empty() ? ArrayAttr() : Builder(builder.getContext()).getStrArrayAttr(names);
}

SmallVector<StringRef> GraphImporter::getNames(const ValueInfos &infos) {
  return llvm::map_to_vector(infos, [](const proto::ValueInfoProto &info) -> StringRef { return info.name(); });
}

void GraphImporter::clearContents(proto::GraphProto &graph) {
  graph.clear_node();
  graph.clear_initializer();
  graph.clear_sparse_initializer();
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

func::FuncOp GraphImporter::startFunction(StringRef symbol, StringRef name) {
  auto function = func::FuncOp::create(builder, NameLoc::get(builder.getStringAttr(name)), symbol, builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  absent = AbsentOp::create(builder, function.getLoc(), builder.getNoneType());
  scopes.emplace_back();
  return function;
}

Error GraphImporter::finishFunction(func::FuncOp function, ArrayRef<StringRef> outputs, const ValueInfos &infos) {
  auto results = lookUpOutputs(outputs);
  if (!results)
    return results.takeError();
  func::ReturnOp::create(builder, function.getLoc(), *results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(), TypeRange(ValueRange(*results))));
  for (auto [i, name] : llvm::enumerate(outputs))
    function.setResultAttr(i, attr::name, builder.getStringAttr(name));
  if (ArrayAttr dangling = getDangling(infos))
    function->setAttr(attr::dangling, dangling);
  if (absent.use_empty())
    absent.getDefiningOp()->erase();
  return Error::success();
}

Expected<func::FuncOp> GraphImporter::importMain(proto::GraphProto &graph, bool constantInputs) {
  OpBuilder::InsertionGuard guard(builder);
  StringRef name = graph.name().empty() ? StringRef("main") : StringRef(graph.name());
  func::FuncOp function = startFunction(name, name);
  declareTypes(graph);

  proto::GraphProto order; // of initializers, where some of them become arguments
  Tensors defaults;
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
  if (Error error = setDefaults(defaults, function))
    return std::move(error);
  if (Error error = importInitializers(graph))
    return std::move(error);
  if (Error error = importNodeList(*graph.mutable_node()))
    return std::move(error);
  if (Error error = finishFunction(function, getNames(graph.output()), graph.value_info()))
    return std::move(error);
  clearContents(graph);
  if (!defaults.empty())
    graph.MergeFrom(order);
  function->setAttr(attr::graph, builder.getStringAttr(serialize(graph)));
  return function;
}

Expected<func::FuncOp> GraphImporter::importFunction(proto::FunctionProto &function) {
  OpBuilder::InsertionGuard guard(builder);
  func::FuncOp op = startFunction(getFunctionSymbol(function.domain(), function.name(), function.overload()), function.name());
  op.setPrivate();
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
  if (Error error = finishFunction(op, SmallVector<StringRef>(function.output().begin(), function.output().end()), function.value_info()))
    return std::move(error);
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

std::string getFunctionSymbol(StringRef domain, StringRef name, StringRef overload) {
  return (normalizeDomain(domain) + "::" + name + (overload.empty() ? "" : ":") + overload).str();
}

} // namespace bn::onnx
