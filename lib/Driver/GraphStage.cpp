// GraphStage.cpp - one stage of a staged graph: what can be run from the values that are there.
// SPDX-License-Identifier: Apache-2.0
//
// A stage is one cut of a graph with bound shapes (GraphParts.h): a compiled segment, then nodes on the host, then the rest of
// the graph, which is a staged graph again.

#include "GraphStage.h"

#include "NodePlaces.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Lower/Lowerable.h"
#include "bn/Reference/ControlFlow.h"
#include "bn/Reference/Interpreter.h"
#include "bn/Reference/Stored.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

bool HostedNode::isConstant() const {
  auto isKnown = [](Value value) { return isa<NoneType>(value.getType()) || matchPattern(value, m_Constant()); };
  return bodies.empty() && llvm::all_of(op->getOperands(), isKnown);
}

Expected<std::unique_ptr<Stage>> Stage::create(OwningOpRef<ModuleOp> graph, SmallVector<unsigned> inputs, const ExecutionOptions &options,
                                               Session &session) {
  std::unique_ptr<Stage> stage(new Stage(session));
  stage->graph = std::move(graph);
  stage->inputs = std::move(inputs);
  Expected<GraphParts> parts = cutGraph(*stage->graph);
  if (!parts)
    return parts.takeError();
  stage->parts = std::move(*parts);
  if (stage->parts.segment.module) {
    Expected<CompiledGraph> compiled = CompiledGraph::create(std::move(stage->parts.segment.module), options, session);
    if (!compiled)
      return compiled.takeError();
    stage->segment = std::move(*compiled);
  }
  for (Operation *op : stage->parts.hosted) {
    if (std::string reason = lower::findObstacle(op); !reason.empty() && !reference::isControlFlow(op) && !reference::isStoredOperator(op))
      session.noteInterpreted("'" + onnx::getDisplayName(op) + "' (" + onnx::getOperatorName(op).str() + ")", reason);
    HostedNode &node = stage->hosted.emplace_back(HostedNode{op, getCaptures(op), {}, {}});
    if (reference::isStoredOperator(op))
      for (Value operand : op->getOperands()) {
        ElementsAttr constant;
        bool isKnown = matchPattern(operand, m_Constant(&constant));
        node.constants.push_back(isKnown ? reference::toHost(reference::fromElements(constant)) : HostTensor());
      }
    for (Region &region : op->getRegions())
      node.bodies.push_back(std::make_unique<StagedGraph>(makeBodyModel(region, node.captures), options, session));
  }
  for (Value output : llvm::cantFail(getMainGraph(*stage->graph)).getBody().front().getTerminator()->getOperands())
    if (ElementsAttr constant; matchPattern(output, m_Constant(&constant)))
      stage->constants[output] = reference::toHost(reference::fromElements(constant));
  if (stage->parts.rest.module)
    stage->rest = std::make_unique<StagedGraph>(std::move(stage->parts.rest.module), options, session);
  return stage;
}

//===----------------------------------------------------------------------===//
// Running it
//===----------------------------------------------------------------------===//

std::optional<reference::Tensor> Stage::read(Value value, const RunValues &values) const {
  ElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return reference::fromElements(constant);
  if (isa<NoneType>(value.getType()))
    return std::nullopt;
  return reference::fromHost(values[parts.slots.lookup(value)]);
}

Error Stage::runSegment(RunValues &values) {
  auto operands = llvm::map_to_vector(parts.segment.inputs, [&](unsigned slot) -> const HostTensor * { return &values[slot]; });
  Expected<std::vector<HostTensor>> results = segment->run(operands);
  if (!results)
    return results.takeError();
  std::move(results->begin(), results->end(), std::back_inserter(values.computed));
  return Error::success();
}

FailureOr<std::vector<reference::Tensor>> Stage::runBody(HostedNode &node, Region &body, ArrayRef<reference::Tensor> arguments,
                                                         const RunValues &values) {
  std::vector<HostTensor> inputs;
  for (const reference::Tensor &argument : arguments)
    inputs.push_back(reference::toHost(argument));
  for (Value capture : node.captures)
    inputs.push_back(values[parts.slots.lookup(capture)]);
  Expected<std::vector<HostTensor>> outputs = node.bodies[body.getRegionNumber()]->run(inputs);
  if (!outputs) {
    bodyError = llvm::joinErrors(std::move(bodyError), outputs.takeError());
    return failure();
  }
  std::vector<reference::Tensor> results;
  for (const HostTensor &output : *outputs)
    results.push_back(reference::fromHost(output));
  return results;
}

bool Stage::runStored(HostedNode &node, RunValues &values) {
  if (node.constants.empty())
    return false;
  SmallVector<const HostTensor *> operands;
  for (auto [operand, constant] : llvm::zip_equal(node.op->getOperands(), node.constants))
    operands.push_back(isa<NoneType>(operand.getType()) ? nullptr : constant.type ? &constant : &values[parts.slots.lookup(operand)]);
  SmallVector<HostTensor> results;
  if (!reference::evaluateStored(node.op, operands, results))
    return false;
  std::move(results.begin(), results.end(), std::back_inserter(values.computed));
  return true;
}

Error Stage::runHosted(HostedNode &node, RunValues &values) {
  auto begin = std::chrono::steady_clock::now();
  size_t first = values.computed.size();
  if (!node.results.empty())
    llvm::append_range(values.computed, node.results);
  else if (!runStored(node, values))
    if (Error error = interpret(node, values))
      return error;
  if (node.results.empty() && node.isConstant())
    node.results.assign(values.computed.begin() + first, values.computed.end());
  if (session.getProfile() && node.bodies.empty()) // the time of a loop is that of its bodies
    session.getProfile()->push_back({onnx::getDisplayName(node.op), /*onHost=*/true, 0, 0, begin, std::chrono::steady_clock::now()});
  return Error::success();
}

Error Stage::interpret(HostedNode &node, RunValues &values) {
  std::vector<std::optional<reference::Tensor>> tensors;
  for (Value operand : node.op->getOperands())
    tensors.push_back(read(operand, values));
  auto operands = llvm::map_to_vector(tensors, [](auto &tensor) -> const reference::Tensor * { return tensor ? &*tensor : nullptr; });
  SmallVector<reference::Tensor> results;
  auto run = [&](Region &body, ArrayRef<reference::Tensor> arguments) { return runBody(node, body, arguments, values); };
  LogicalResult done = reference::isControlFlow(node.op) ? reference::evaluateControlFlow(node.op, operands, run, results)
                                                         : reference::evaluate(node.op, operands, results);
  if (bodyError)
    return std::exchange(bodyError, Error::success());
  if (failed(done))
    return session.getDiagnostics().takeErrors(std::errc::invalid_argument, "a node failed without a reason");
  for (const reference::Tensor &result : results)
    values.computed.push_back(result.elementType ? reference::toHost(result) : HostTensor());
  return Error::success();
}

Expected<std::vector<HostTensor>> Stage::run(ArrayRef<HostTensor> all) {
  RunValues values;
  for (unsigned i : inputs)
    values.inputs.push_back(&all[i]);
  if (segment)
    if (Error error = runSegment(values))
      return error;
  for (HostedNode &node : hosted)
    if (Error error = runHosted(node, values))
      return error;
  std::vector<HostTensor> results;
  if (rest) {
    for (unsigned slot : parts.rest.inputs)
      results.push_back(values.take(slot));
    return rest->run(results);
  }
  func::FuncOp main = llvm::cantFail(getMainGraph(*graph));
  auto outputs = main.getBody().front().getTerminator()->getOperands();
  for (auto [i, output] : llvm::enumerate(outputs)) {
    auto slot = parts.slots.find(output);
    bool isLastUse = !llvm::is_contained(outputs.drop_front(i + 1), output);
    if (slot == parts.slots.end())
      results.push_back(constants.lookup(output));
    else if (isLastUse)
      results.push_back(values.take(slot->second));
    else
      results.push_back(values[slot->second]);
  }
  return results;
}

} // namespace bn::driver
