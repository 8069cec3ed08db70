// TestFolder.cpp - runs one ONNX test folder: model.onnx, test_data_set_N/{input,output}_M.pb.
// SPDX-License-Identifier: Apache-2.0

#include "TestFolder.h"

#include "bn/Driver/Compare.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/Execution.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/ModelFile.h"
#include "bn/Driver/TensorSpec.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Onnx/TestData.h"
#include "bn/Reference/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

/// Reads input_0.pb, input_1.pb, … as long as there are any. A file does not say whether it holds a tensor, a sequence or an optional;
/// the model does.
static Expected<std::vector<HostTensor>> readTensors(const Twine &prefix, ArrayRef<Type> types, MLIRContext *context) {
  std::vector<HostTensor> tensors;
  for (size_t i = 0;; ++i) {
    std::string path = (prefix + Twine(i) + ".pb").str();
    if (!llvm::sys::fs::exists(path))
      return tensors;
    if (i >= types.size())
      return makeError(std::errc::bad_message, "'" + path + "': the model has only " + Twine(types.size()) + " of these");
    auto type = dyn_cast<TensorType>(types[i]);
    Expected<HostTensor> tensor = onnx::readValue(path, types[i]);
    if (!tensor)
      return tensor.takeError();
    if (type && failed(verifyCompatibleShape(type, tensor->type)))
      return makeError(std::errc::not_supported, "test data of another shape than the model declares");
    tensors.push_back(type ? adaptElementType(std::move(*tensor), type.getElementType()) : std::move(*tensor));
  }
}

/// The only number of a value that is a constant or an input.
static std::optional<double> getNumber(Value value, ArrayRef<BoundInput> inputs) {
  ElementsAttr constant;
  std::optional<reference::Tensor> tensor;
  if (matchPattern(value, m_Constant(&constant)))
    tensor = reference::fromElements(constant);
  else if (auto input = dyn_cast<BlockArgument>(value); input && isa<func::FuncOp>(input.getOwner()->getParentOp()))
    if (const BoundInput &bound = inputs[input.getArgNumber()]; bound.value)
      tensor = reference::fromHost(*bound.value);
  if (!tensor || tensor->getNumElements() != 1 || isa<onnx::StringType>(tensor->elementType))
    return std::nullopt;
  return isa<FloatType>(tensor->elementType) ? tensor->reals()[0] : tensor->integers()[0];
}

/// Whether a Dropout drops: what it keeps is the choice of a runtime's generator, and nothing else is to be seen.
static bool dropsAtRandom(ModuleOp module, ArrayRef<BoundInput> inputs) {
  auto drops = [&](onnx::NodeOpInterface node) {
    if (!node.is("Dropout") || isMemoryEffectFree(node))
      return WalkResult::advance();
    bool isIdentity = getNumber(node->getOperand(1), inputs) == 0.0 || getNumber(node->getOperand(2), inputs) == 0.0;
    return isIdentity ? WalkResult::advance() : WalkResult::interrupt();
  };
  return module.walk(drops).wasInterrupted();
}

/// Whether numbers are drawn on the way: two runtimes have nothing but their types in common.
static bool drawsNumbers(ModuleOp module) {
  auto draws = [](onnx::NodeOpInterface node) {
    bool isRandom = node.getDomain().empty() && node->getNumRegions() == 0 && !isMemoryEffectFree(node) && !node.is("Dropout");
    return isRandom ? WalkResult::interrupt() : WalkResult::advance();
  };
  return module.walk(draws).wasInterrupted();
}

/// The first difference in type, or empty.
static std::string compareTypes(ArrayRef<HostTensor> actual, ArrayRef<HostTensor> expected) {
  for (auto [a, e] : llvm::zip(actual, expected))
    if (a.getType() != e.getType())
      return "expected an output of type " + formatType(e.getType()) + ", got " + formatType(a.getType());
  return "";
}

/// The first difference, or empty.
static std::string compareOutputs(ArrayRef<std::string> names, ArrayRef<HostTensor> actual, ArrayRef<HostTensor> expected,
                                  const ToleranceOptions &tolerance) {
  if (actual.size() != expected.size())
    return ("expected " + Twine(expected.size()) + " outputs, got " + Twine(actual.size())).str();
  for (auto [name, a, e] : llvm::zip(names, actual, expected))
    if (std::string difference = compare(a, e, tolerance).difference; !difference.empty())
      return "output '" + name + "': " + difference;
  return "";
}

/// Runs one data set in a session of its own: the compiler binds the module to the shapes of the inputs.
static Expected<std::string> runDataSet(StringRef directory, const Twine &dataSet, const ExecutionOptions &execution,
                                        const ToleranceOptions &tolerance) {
  Session session;
  Expected<OwningOpRef<ModuleOp>> module = loadModel((directory + "/model.onnx").str(), session);
  if (!module)
    return module.takeError();
  Expected<func::FuncOp> main = getMainGraph(**module);
  if (!main)
    return main.takeError();
  Expected<std::vector<HostTensor>> tensors = readTensors(dataSet + "/input_", main->getArgumentTypes(), session.getContext());
  if (!tensors)
    return tensors.takeError();
  Expected<std::vector<HostTensor>> expected = readTensors(dataSet + "/output_", main->getResultTypes(), session.getContext());
  if (!expected)
    return expected.takeError();
  Expected<std::vector<BoundInput>> inputs = bindInputs(*main, std::move(*tensors));
  if (!inputs)
    return inputs.takeError();
  if (dropsAtRandom(**module, *inputs))
    return makeError(std::errc::not_supported, "(Dropout): what is dropped is drawn by another generator");
  std::vector<std::string> outputNames = getOutputNames(*main);
  bool draws = drawsNumbers(**module);
  Expected<std::unique_ptr<Execution>> prepared = prepare(**module, *inputs, execution, session);
  if (!prepared)
    return prepared.takeError();
  Expected<std::vector<HostTensor>> values = makeInputs(*inputs, {});
  if (!values)
    return values.takeError();
  Expected<std::vector<HostTensor>> actual = (*prepared)->run(*values);
  if (!actual)
    return actual.takeError();
  return draws ? compareTypes(*actual, *expected) : compareOutputs(outputNames, *actual, *expected, tolerance);
}

TestResult runTestFolder(StringRef directory, const ExecutionOptions &execution, const ToleranceOptions &tolerance) {
  for (size_t i = 0;; ++i) {
    std::string dataSet = (directory + "/test_data_set_" + Twine(i)).str();
    if (!llvm::sys::fs::is_directory(dataSet))
      return {};
    Expected<std::string> difference = runDataSet(directory, dataSet, execution, tolerance);
    if (difference && difference->empty())
      continue;
    if (difference)
      return {TestStatus::Failed, *difference};
    TestResult result;
    llvm::handleAllErrors(difference.takeError(), [&](const llvm::ErrorInfoBase &info) {
      if (result.status != TestStatus::Passed)
        return;
      bool unsupported = getExitCode(info.convertToErrorCode()) == ExitCode::Unsupported;
      result = {unsupported ? TestStatus::Skipped : TestStatus::Failed, info.message()};
    });
    return result;
  }
}

} // namespace bn::driver
