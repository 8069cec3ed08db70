// node-cases.cpp - runs ONNX's own node cases through the interpreter and compares numbers.
// SPDX-License-Identifier: Apache-2.0
//
// usage: node-cases [--expect COUNT] FOLDER...
// Every folder below with a model.onnx and a test_data_set_0 is a case. Prints a table by operator and the reason of
// every case that did not pass. Fails where a number is wrong, or where fewer than COUNT cases pass.

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Onnx/Import.h"
#include "bn/Onnx/TestData.h"
#include "bn/Reference/Interpreter.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace bn::reference;

namespace {

enum class Outcome { Passed, Failed, Skipped };

struct Result {
  Outcome outcome;
  std::string reason;
};

/// Cases whose expected integers are one off where float32 rounds a quotient to a tie or away from it.
constexpr StringLiteral dependsOnRounding[] = {"test_dynamicquantizelinear", "test_dynamicquantizelinear_expanded"};

/// One case: a model and its data, in a context of their own.
class Case {
public:
  explicit Case(StringRef folder) : folder(folder), handler(&context, [this](Diagnostic &diagnostic) { message = diagnostic.str(); }) {
    context.disableMultithreading();
    context.loadDialect<bn::BNDialect, bn::onnx::OnnxDialect, func::FuncDialect>();
  }
  Result run();
  /// The operator of the model's first node.
  std::string getOperator();

private:
  Result compare(size_t output, const Tensor &actual);
  /// Whether a Dropout in training drops with these inputs.
  bool drops(ArrayRef<Tensor> inputs);
  /// Reads a file of the data set; skips what is no tensor and what is not of the type that the model declares.
  std::optional<Tensor> read(const Twine &name, Type declared, std::string &reason);

  StringRef folder;
  MLIRContext context;
  std::string message;
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
};

std::string Case::getOperator() {
  if (function)
    for (Operation &op : function.getBody().front().without_terminator())
      if (!isa<bn::onnx::ConstantOp, bn::onnx::AbsentOp>(op))
        return bn::onnx::getOperatorName(&op).str();
  return "(none)";
}

std::optional<Tensor> Case::read(const Twine &name, Type declared, std::string &reason) {
  llvm::Expected<bn::HostTensor> tensor = bn::onnx::readValue((folder + "/test_data_set_0/" + name).str(), declared);
  if (!tensor) {
    reason = llvm::toString(tensor.takeError());
    reason.erase(0, reason.rfind(": ") + 2);
    return std::nullopt;
  }
  auto type = dyn_cast<ShapedType>(declared);
  if (type && type.getElementType() != tensor->type.getElementType())
    reason = "data of another type than the model's";
  else if (tensor->type && isa<ComplexType>(tensor->type.getElementType()))
    reason = "complex numbers";
  return reason.empty() ? std::optional(fromHost(*tensor)) : std::nullopt;
}

/// Whether two reals agree as well as the type that the expected one is stored in allows.
bool agree(double actual, double expected, unsigned width) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
    return true;
  double relative = width > 16 ? 1e-3 : 1e-2, absolute = width > 16 ? 1e-5 : 1e-3;
  return std::fabs(actual - expected) <= absolute + relative * std::fabs(expected);
}

/// The first difference, or empty. The types of sequences and optionals do not tell the shapes of what they hold.
std::string findDifference(const Tensor &actual, const Tensor &expected) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (actual.isHolder() != expected.isHolder() || actual.elements.size() != expected.elements.size())
    return "another kind of value, or another number of elements";
  for (auto [a, e] : llvm::zip_equal(actual.elements, expected.elements))
    if (std::string difference = findDifference(a, e); !difference.empty())
      return difference;
  if (actual.isHolder())
    return "";
  if (actual.getType() != expected.getType())
    os << "expected " << expected.getType() << ", got " << actual.getType();
  else if (!isa<FloatType>(actual.elementType))
    return actual.values == expected.values ? "" : "other values";
  else
    for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(actual.reals(), expected.reals())))
      if (auto [a, e] = pair; !agree(a, e, actual.elementType.getIntOrFloatBitWidth())) {
        os << "element " << i << ": expected " << e << ", got " << a;
        break;
      }
  return text;
}

Result Case::compare(size_t output, const Tensor &actual) {
  std::string reason;
  std::optional<Tensor> expected = read("output_" + Twine(output) + ".pb", function.getResultTypes()[output], reason);
  if (!expected)
    return {Outcome::Skipped, reason};
  std::string difference = findDifference(actual, *expected);
  return difference.empty() ? Result{Outcome::Passed, ""} : Result{Outcome::Failed, "output " + std::to_string(output) + ": " + difference};
}

bool Case::drops(ArrayRef<Tensor> inputs) {
  return function
      .walk([&](bn::onnx::GenericNodeOp node) {
        if (node.getOpType() != "Dropout" || isMemoryEffectFree(node))
          return WalkResult::advance();
        auto ratio = dyn_cast<BlockArgument>(node.getOperand(1)), trains = dyn_cast<BlockArgument>(node.getOperand(2));
        bool isIdentity = (ratio && inputs[ratio.getArgNumber()].reals()[0] == 0) ||
                          (trains && inputs[trains.getArgNumber()].integers()[0] == 0);
        return isIdentity ? WalkResult::advance() : WalkResult::interrupt();
      })
      .wasInterrupted();
}

Result Case::run() {
  if (llvm::is_contained(dependsOnRounding, llvm::sys::path::filename(folder)))
    return {Outcome::Skipped, "numbers that depend on the rounding of single operations"};
  llvm::Expected<OwningOpRef<ModuleOp>> imported = bn::onnx::importModel((folder + "/model.onnx").str(), &context);
  if (!imported)
    return {Outcome::Skipped, llvm::toString(imported.takeError())};
  module = std::move(*imported);
  function = *module->getOps<func::FuncOp>().begin();
  bool draws = function.walk([](bn::onnx::GenericNodeOp node) {
    return StringRef(node.getOpType()).starts_with("Random") || node.getOpType() == "Bernoulli" ? WalkResult::interrupt() : WalkResult::advance();
  }).wasInterrupted();
  if (draws)
    return {Outcome::Skipped, "numbers drawn by another generator"};
  std::vector<Tensor> inputs;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    std::string reason;
    std::optional<Tensor> input = read("input_" + Twine(i) + ".pb", type, reason);
    if (!input)
      return {Outcome::Skipped, reason};
    inputs.push_back(std::move(*input));
  }
  if (drops(inputs))
    return {Outcome::Skipped, "numbers drawn by another generator"};
  FailureOr<std::vector<Tensor>> outputs = interpret(function, inputs);
  if (failed(outputs))
    return {StringRef(message).contains("does not support") ? Outcome::Skipped : Outcome::Failed, message};
  for (auto [i, output] : llvm::enumerate(*outputs))
    if (Result result = compare(i, output); result.outcome != Outcome::Passed)
      return result;
  return {Outcome::Passed, ""};
}

/// Folders below `root` that hold a case, in order.
std::vector<std::string> findCases(StringRef root) {
  std::vector<std::string> folders;
  std::error_code error;
  for (llvm::sys::fs::recursive_directory_iterator it(root, error), end; it != end && !error; it.increment(error))
    if (StringRef folder = llvm::sys::path::parent_path(it->path()); llvm::sys::path::filename(it->path()) == "model.onnx")
      if (llvm::sys::fs::is_directory(folder + "/test_data_set_0"))
        folders.push_back(folder.str());
  llvm::sort(folders);
  return folders;
}

} // namespace

int main(int argc, char **argv) {
  size_t floor = 1;
  std::map<std::string, std::array<size_t, 3>> table;
  std::array<size_t, 3> total = {};
  for (int i = 1; i < argc; ++i) {
    if (StringRef(argv[i]) == "--expect" && i + 1 < argc) {
      floor = std::stoul(argv[++i]);
      continue;
    }
    for (const std::string &folder : findCases(argv[i])) {
      Case nodeCase(folder);
      Result result = nodeCase.run();
      size_t column = static_cast<size_t>(result.outcome);
      ++table[nodeCase.getOperator()][column], ++total[column];
      if (result.outcome != Outcome::Passed)
        llvm::outs() << (result.outcome == Outcome::Failed ? "FAILED " : "skipped ") << llvm::sys::path::filename(folder) << ": "
                     << result.reason << "\n";
    }
  }
  llvm::outs() << llvm::format("%-32s %7s %7s %7s\n", "operator", "passed", "failed", "skipped");
  for (auto &[name, row] : table)
    llvm::outs() << llvm::format("%-32s %7zu %7zu %7zu\n", name.c_str(), row[0], row[1], row[2]);
  llvm::outs() << llvm::format("%-32s %7zu %7zu %7zu\n", "all", total[0], total[1], total[2]);
  return total[static_cast<size_t>(Outcome::Failed)] != 0 || total[0] < floor;
}
