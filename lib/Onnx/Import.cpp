// Import.cpp - ONNX in: a model file becomes graph form.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Onnx/Import.h"

#include "ExternalData.h"
#include "GraphImport.h"
#include "MappedFiles.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::onnx {

static bool areConstantInputs(const proto::ModelProto &model, InitializerMode mode) {
  return mode == InitializerMode::Const || (mode == InitializerMode::Auto && model.ir_version() < inputsAreOptional);
}

/// Stores with the module what the model says beside its graph and functions.
static void importHeader(const proto::ModelProto &model, const OpsetImports &imports, ModuleOp module) {
  Builder b(module.getContext());
  NamedAttrList versions;
  for (const auto &import : imports)
    versions.set(import.getKey().empty() ? "ai.onnx" : import.getKey(), b.getI64IntegerAttr(import.getValue()));
  module->setAttr(attr::opsetImports, versions.getDictionary(b.getContext()));
  module->setAttr(attr::irVersion, b.getI64IntegerAttr(model.ir_version()));
  module->setAttr(attr::model, b.getStringAttr(serialize(model)));
}

using Calls = llvm::StringMap<llvm::StringSet<>>;

/// Adds the functions that the nodes call, in subgraphs as well.
static void collectCalls(const google::protobuf::RepeatedPtrField<proto::NodeProto> &nodes, llvm::StringSet<> &calls) {
  for (const proto::NodeProto &node : nodes) {
    calls.insert(getFunctionSymbol(node.domain(), node.op_type(), node.overload()));
    for (const proto::AttributeProto &attribute : node.attribute()) {
      collectCalls(attribute.g().node(), calls);
      for (const proto::GraphProto &graph : attribute.graphs())
        collectCalls(graph.node(), calls);
    }
  }
}

/// Functions that call themselves, over others too, would be expanded for ever.
static Error checkForRecursion(const proto::ModelProto &model) {
  Calls calls;
  for (const proto::FunctionProto &function : model.functions())
    collectCalls(function.node(), calls[getFunctionSymbol(function.domain(), function.name(), function.overload())]);
  // Functions that call none of those left go, until none goes.
  for (bool changed = true; changed && !calls.empty();) {
    changed = false;
    for (auto it = calls.begin(), next = it; it != calls.end(); it = next) {
      ++next;
      if (llvm::any_of(it->second, [&](const auto &callee) { return calls.contains(callee.getKey()); }))
        continue;
      calls.erase(it);
      changed = true;
    }
  }
  if (calls.empty())
    return Error::success();
  return invalidModel("expected functions that do not call themselves, got '" + calls.begin()->getKey() + "'");
}

static Error importInto(ModuleOp module, ModelFile &file, const ImportOptions &options) {
  proto::ModelProto &model = file.model;
  if (!model.has_graph())
    return invalidModel("expected a model with a graph");
  if (Error error = checkForRecursion(model))
    return error;
  OpsetImports imports = getOpsetImports(model.opset_import());
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  bool constantInputs = areConstantInputs(model, options.initializers);
  auto main = GraphImporter(builder, imports, file.blobs).importMain(*model.mutable_graph(), constantInputs);
  if (!main)
    return main.takeError();
  llvm::StringSet<> symbols{main->getSymName()};
  for (proto::FunctionProto &function : *model.mutable_functions()) {
    if (!symbols.insert(getFunctionSymbol(function.domain(), function.name(), function.overload())).second)
      return invalidModel("expected function '" + function.name() + "' to be defined once");
    auto op = GraphImporter(builder, getOpsetImports(function.opset_import()), file.blobs).importFunction(function);
    if (!op)
      return addContext(op.takeError(), "function '" + function.name() + "': ");
  }
  model.clear_graph();
  model.clear_functions();
  importHeader(model, imports, module);
  return Error::success();
}

/// Lets passes know which constants lie in files.
static void noteMappedFiles(const ModelFile &file, MLIRContext *context) {
  auto *files = context->getLoadedDialect<OnnxDialect>()->getRegisteredInterface<StorageInterface>();
  if (!files) // nobody registered this library's interfaces
    return;
  for (const std::shared_ptr<llvm::MemoryBuffer> &buffer : file.mapped)
    static_cast<MappedFiles *>(files)->add(buffer);
}

Expected<OwningOpRef<ModuleOp>> importModel(StringRef path, MLIRContext *context, const ImportOptions &options) {
  context->loadDialect<OnnxDialect, BNDialect, func::FuncDialect>();
  auto file = readModelFile(path);
  if (!file)
    return addContext(file.takeError(), path + ": ");
  if (Error error = readExternalData(**file, path))
    return addContext(std::move(error), path + ": ");
  noteMappedFiles(**file, context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  if (Error error = importInto(*module, **file, options))
    return addContext(std::move(error), path + ": ");
  return std::move(module);
}

} // namespace bn::onnx
