// StagedGraph.cpp - runs any graph: compiles what can be compiled, as soon as the values are there that it depends on.
// SPDX-License-Identifier: Apache-2.0
//
// Keeps the stages it has made.

#include "StagedGraph.h"

#include "GraphStage.h"
#include "Stages.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Lower/Lowerable.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

SmallVector<unsigned> getParameters(func::FuncOp main) {
  SmallVector<unsigned> parameters;
  for (BlockArgument argument : main.getArguments())
    if (llvm::any_of(argument.getUses(), [](OpOperand &use) { return llvm::is_contained(lower::getParameters(use.getOwner()), &use); }))
      parameters.push_back(argument.getArgNumber());
  return parameters;
}

StagedGraph::StagedGraph(OwningOpRef<ModuleOp> graph, const ExecutionOptions &options, Session &session)
    : graph(std::move(graph)), parameters(getParameters(llvm::cantFail(getMainGraph(*this->graph)))), options(options), session(session) {}

StagedGraph::~StagedGraph() = default;

Error StagedGraph::prepare(TypeRange types) {
  return parameters.empty() ? getStage(types, {}).takeError() : Error::success();
}

/// What a stage is made for.
static std::string getKey(TypeRange types, ArrayRef<unsigned> parameters, ArrayRef<HostTensor> inputs) {
  std::string key;
  llvm::raw_string_ostream os(key);
  for (Type type : types)
    os << type << ';';
  for (unsigned i : parameters) {
    os << StringRef(inputs[i].bytes.data(), inputs[i].bytes.size());
    for (const std::string &string : inputs[i].strings)
      os << string.size() << ':' << string;
  }
  return key;
}

/// Puts constants in the place of inputs; returns the inputs that stay.
static SmallVector<unsigned> buildIn(func::FuncOp main, ArrayRef<unsigned> parameters, ArrayRef<HostTensor> inputs) {
  OpBuilder builder = OpBuilder::atBlockBegin(&main.getBody().front());
  auto stay = llvm::to_vector(llvm::seq(main.getNumArguments()));
  for (unsigned i : llvm::reverse(parameters)) {
    BlockArgument argument = main.getArgument(i);
    ElementsAttr value = reference::toElements(reference::fromHost(inputs[i]), onnx::getValueName(argument));
    auto constant = onnx::ConstantOp::create(builder, argument.getLoc(), value);
    onnx::setOutputNames(constant, onnx::getValueName(argument));
    argument.replaceAllUsesWith(constant);
    (void)main.eraseArgument(i);
    stay.erase(stay.begin() + i);
  }
  return stay;
}

Expected<Stage *> StagedGraph::getStage(TypeRange types, ArrayRef<HostTensor> inputs) {
  constexpr size_t maxStages = 64; // a model that never meets the same shapes again must not fill the memory
  std::string key = getKey(types, parameters, inputs);
  if (auto found = stages.find(key); found != stages.end())
    return found->second.get();
  OwningOpRef<ModuleOp> copy = graph->clone();
  func::FuncOp main = llvm::cantFail(getMainGraph(*copy));
  SmallVector<unsigned> stay = buildIn(main, parameters, inputs);
  if (Error error = bindShapes(*copy, llvm::map_to_vector(stay, [&](unsigned i) -> Type { return types[i]; }), session))
    return error;
  Expected<std::unique_ptr<Stage>> stage = Stage::create(std::move(copy), std::move(stay), options, session);
  if (!stage)
    return stage.takeError();
  if (stages.size() == maxStages)
    stages.clear();
  return (stages[key] = std::move(*stage)).get();
}

Expected<std::vector<HostTensor>> StagedGraph::run(ArrayRef<HostTensor> inputs) {
  auto types = llvm::map_to_vector(inputs, [](const HostTensor &input) { return input.getType(); });
  Expected<Stage *> stage = getStage(types, inputs);
  if (!stage)
    return stage.takeError();
  return (*stage)->run(inputs);
}

} // namespace bn::driver
