// BindInputs.cpp - fixes the types of a model's inputs from what the user gave.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Inputs.h"
#include "bn/Driver/TensorSpec.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Reference/Tensor.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

static Error usage(const Twine &message) { return makeError(std::errc::invalid_argument, message); }

Expected<func::FuncOp> getMainGraph(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isExternal() && !function->hasAttr(onnx::attr::function))
      return function;
  return makeError(std::errc::bad_message, "the module has no function with the model's graph");
}

/// The names in an attribute of arguments or results; of those without, positions.
static std::vector<std::string> getNames(unsigned count, llvm::function_ref<StringAttr(unsigned)> getName) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < count; ++i) {
    StringAttr name = getName(i);
    names.push_back(name ? name.str() : std::to_string(i));
  }
  return names;
}

std::vector<std::string> getInputNames(func::FuncOp main) {
  return getNames(main.getNumArguments(), [&](unsigned i) { return main.getArgAttrOfType<StringAttr>(i, onnx::attr::name); });
}

std::vector<std::string> getOutputNames(func::FuncOp main) {
  return getNames(main.getNumResults(), [&](unsigned i) { return main.getResultAttrOfType<StringAttr>(i, onnx::attr::name); });
}

namespace {
/// Dimensions of the inputs while they become known.
class InputBinder {
public:
  InputBinder(func::FuncOp main) : main(main), names(getInputNames(main)), given(names.size()), shapes(names.size()) {}

  Error readTensors(ArrayRef<std::string> specs);
  void setTensor(size_t i, HostTensor tensor);
  Error readShapes(ArrayRef<std::string> specs);
  Error setBatch(int64_t size);
  Expected<std::vector<BoundInput>> bind();

private:
  Type getDeclared(size_t i) { return main.getArgumentTypes()[i]; }
  StringRef getSymbol(size_t i, size_t dim);
  void takeDefaults();
  Error checkInput(size_t i);
  Error bindSymbols(size_t i);
  Expected<Type> fixType(size_t i);

  func::FuncOp main;
  std::vector<std::string> names;
  std::vector<std::optional<HostTensor>> given;
  std::vector<std::optional<SmallVector<int64_t>>> shapes;
  llvm::StringMap<int64_t> symbols;
};
} // namespace

Error InputBinder::readTensors(ArrayRef<std::string> specs) {
  for (const std::string &spec : specs) {
    Expected<NamedSpec> named = parseNamed("--input", spec, names, "input");
    if (!named)
      return named.takeError();
    Type type = getDeclared(named->index);
    Expected<HostTensor> tensor = readValueSpec(named->value, type);
    if (!tensor)
      return addContext(tensor.takeError(), "input '" + names[named->index] + "'");
    if (auto declared = dyn_cast<TensorType>(type))
      tensor = adaptElementType(std::move(*tensor), declared.getElementType());
    setTensor(named->index, std::move(*tensor));
  }
  return Error::success();
}

void InputBinder::setTensor(size_t i, HostTensor tensor) {
  if (tensor.type)
    shapes[i] = llvm::to_vector(tensor.type.getShape());
  given[i] = std::move(tensor);
}

Error InputBinder::readShapes(ArrayRef<std::string> specs) {
  for (const std::string &spec : specs) {
    Expected<NamedSpec> named = parseNamed("--shape", spec, names, "input");
    if (!named)
      return named.takeError();
    Expected<SmallVector<int64_t>> shape = parseShape(named->value);
    if (!shape)
      return shape.takeError();
    if (shapes[named->index] && *shapes[named->index] != *shape)
      return usage("input '" + names[named->index] + "': --shape and --input give different shapes");
    shapes[named->index] = std::move(*shape);
  }
  return Error::success();
}

/// Batches the inputs that nobody gave.
Error InputBinder::setBatch(int64_t size) {
  for (size_t i = 0; i < names.size(); ++i) {
    auto declared = dyn_cast<RankedTensorType>(getDeclared(i));
    bool hasDefault = static_cast<bool>(main.getArgAttrOfType<ElementsAttr>(i, onnx::attr::defaultValue));
    if (shapes[i] || hasDefault || !declared || declared.getRank() == 0)
      continue;
    if (!declared.isDynamicDim(0) && declared.getDimSize(0) != 1)
      return usage("input '" + names[i] + "' is " + formatType(declared) + ": expected a first dimension that is open or 1 for --batch");
    SmallVector<int64_t> shape(declared.getShape());
    shape[0] = size;
    main.getArgument(i).setType(RankedTensorType::get(shape, declared.getElementType()));
  }
  main.setFunctionType(FunctionType::get(main.getContext(), main.getBody().front().getArgumentTypes(), main.getResultTypes()));
  return Error::success();
}

/// The name of a symbolic dimension; empty for one without. Exporters write "?" for dimensions that have nothing in common.
StringRef InputBinder::getSymbol(size_t i, size_t dim) {
  auto params = main.getArgAttrOfType<ArrayAttr>(i, onnx::attr::dimParams);
  auto symbol = params && dim < params.size() ? dyn_cast<StringAttr>(params[dim]) : StringAttr();
  return symbol && symbol.getValue() != "?" ? symbol.getValue() : StringRef();
}

/// Inputs that nobody gave take the value that the model has for them.
void InputBinder::takeDefaults() {
  for (size_t i = 0; i < names.size(); ++i) {
    auto value = main.getArgAttrOfType<ElementsAttr>(i, onnx::attr::defaultValue);
    if (value && !shapes[i])
      setTensor(i, reference::toHost(reference::fromElements(value)));
  }
}

/// What is known of an input must not contradict its declaration.
Error InputBinder::checkInput(size_t i) {
  Type declared = getDeclared(i);
  auto tensor = dyn_cast<TensorType>(declared);
  auto mismatch = [&](const Twine &got) { return usage("input '" + names[i] + "': expected " + formatType(declared) + ", got " + got); };
  bool fits = !given[i] || (tensor ? given[i]->type && given[i]->type.getElementType() == tensor.getElementType()
                                   : isa<onnx::AnyType>(declared) || declared.getTypeID() == given[i]->getType().getTypeID());
  if (!fits)
    return mismatch(formatType(given[i]->getType()));
  auto ranked = dyn_cast<RankedTensorType>(declared);
  if (!shapes[i] || !ranked)
    return Error::success();
  Type got = RankedTensorType::get(*shapes[i], ranked.getElementType());
  if (ranked.getRank() != static_cast<int64_t>(shapes[i]->size()))
    return mismatch(formatType(got));
  for (auto [dim, size] : llvm::zip(ranked.getShape(), *shapes[i]))
    if (!ShapedType::isDynamic(dim) && dim != size)
      return mismatch(formatType(got));
  return Error::success();
}

Error InputBinder::bindSymbols(size_t i) {
  auto ranked = dyn_cast<RankedTensorType>(getDeclared(i));
  for (int64_t dim = 0; ranked && shapes[i] && dim < ranked.getRank(); ++dim) {
    StringRef symbol = getSymbol(i, dim);
    if (symbol.empty() || !ranked.isDynamicDim(dim))
      continue;
    int64_t size = (*shapes[i])[dim], known = symbols.try_emplace(symbol, size).first->second;
    if (known != size)
      return usage("input '" + names[i] + "': expected dimension '" + symbol + "' to be " + Twine(known) + ", got " + Twine(size));
  }
  return Error::success();
}

Expected<Type> InputBinder::fixType(size_t i) {
  Type declared = getDeclared(i);
  if (given[i])
    return given[i]->getType();
  auto tensor = dyn_cast<TensorType>(declared);
  if (!tensor)
    return makeError(std::errc::not_supported, "input '" + names[i] + "': expected a tensor, got " + formatType(declared));
  if (shapes[i])
    return RankedTensorType::get(*shapes[i], tensor.getElementType());
  SmallVector<int64_t> shape;
  if (tensor.hasRank())
    shape = llvm::to_vector(tensor.getShape());
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    if (!ShapedType::isDynamic(shape[dim]))
      continue;
    auto symbol = symbols.find(getSymbol(i, dim));
    if (symbol != symbols.end())
      shape[dim] = symbol->second;
    else if (dim == 0)
      shape[dim] = 1;
  }
  if (!tensor.hasRank() || ShapedType::isDynamicShape(shape))
    return usage("input '" + names[i] + "' is " + formatType(declared) + ": expected --shape or --input to fix its dimensions");
  return RankedTensorType::get(shape, tensor.getElementType());
}

Expected<std::vector<BoundInput>> InputBinder::bind() {
  takeDefaults();
  for (size_t i = 0; i < names.size(); ++i)
    if (Error error = checkInput(i))
      return error;
  for (size_t i = 0; i < names.size(); ++i)
    if (Error error = bindSymbols(i))
      return error;
  std::vector<BoundInput> inputs;
  for (size_t i = 0; i < names.size(); ++i) {
    Expected<Type> type = fixType(i);
    if (!type)
      return type.takeError();
    inputs.push_back({names[i], *type, std::move(given[i])});
  }
  return inputs;
}

Expected<std::vector<BoundInput>> bindInputs(func::FuncOp main, const InputOptions &options) {
  InputBinder binder(main);
  if (Error error = binder.readTensors(options.inputs))
    return error;
  if (Error error = binder.readShapes(options.shapes))
    return error;
  if (options.batch)
    if (Error error = binder.setBatch(options.batch))
      return error;
  return binder.bind();
}

Expected<std::vector<BoundInput>> bindInputs(func::FuncOp main, std::vector<HostTensor> tensors) {
  if (tensors.size() > main.getNumArguments())
    return usage("the model has " + Twine(main.getNumArguments()) + " inputs, got " + Twine(tensors.size()));
  InputBinder binder(main);
  for (auto [i, tensor] : llvm::enumerate(tensors))
    binder.setTensor(i, std::move(tensor));
  return binder.bind();
}

} // namespace bn::driver
