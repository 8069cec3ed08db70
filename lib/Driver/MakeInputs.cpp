// MakeInputs.cpp - draws the inputs that nobody gave.
// SPDX-License-Identifier: Apache-2.0
//
// A tensor depends on the seed, the draw and the position of its input alone, on every machine.

#include "bn/Driver/Elements.h"
#include "bn/Driver/ExitCode.h"
#include "bn/Driver/Inputs.h"
#include "bn/IR/Onnx/Onnx.h"

#include <cmath>
#include <random>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
struct Range {
  double low, high;
};
} // namespace

/// Parses "lo,hi" and, before the last colon, the input it is for.
static Error parseRange(StringRef text, StringRef &name, Range &range) {
  auto [before, after] = text.rsplit(':');
  bool named = before.size() != text.size();
  name = named ? before : "";
  auto [low, high] = (named ? after : text).split(',');
  if (low.trim().getAsDouble(range.low) || high.trim().getAsDouble(range.high) || !(range.low <= range.high))
    return makeError(std::errc::invalid_argument, "expected --range [NAME:]lo,hi, got '" + text + "'");
  return Error::success();
}

static Expected<Range> findRange(const BoundInput &input, size_t index, ArrayRef<std::string> ranges) {
  Range found{0, 1}; // of integers, which are often indices, 0 and 1
  bool byName = false;
  for (StringRef text : ranges) {
    StringRef name;
    Range range;
    if (Error error = parseRange(text, name, range))
      return error;
    bool matches = name == input.name || name == std::to_string(index);
    if (matches || (name.empty() && !byName))
      found = range, byName |= matches;
  }
  return found;
}

static void fill(HostTensor &tensor, Range range, std::mt19937_64 &engine) {
  bool integers = isa<IntegerType>(getNumberType(tensor));
  for (int64_t i = 0, e = getNumNumbers(tensor); i < e; ++i) {
    double unit = (engine() >> 11) * 0x1p-53; // [0, 1)
    double value = range.low + unit * (range.high - range.low + (integers ? 1 : 0));
    setReal(tensor, i, integers ? std::floor(value) : value);
  }
}

/// A range for an input that does not exist is a mistake.
static Error checkRangeNames(ArrayRef<BoundInput> inputs, ArrayRef<std::string> ranges) {
  for (StringRef text : ranges) {
    StringRef name;
    Range range;
    if (Error error = parseRange(text, name, range))
      return error;
    size_t index;
    bool known = name.empty() || llvm::any_of(inputs, [&](const BoundInput &input) { return input.name == name; }) ||
                 (!name.getAsInteger(10, index) && index < inputs.size());
    if (!known)
      return makeError(std::errc::invalid_argument, "--range: the model has no input '" + name + "'");
  }
  return Error::success();
}

Expected<std::vector<HostTensor>> makeInputs(ArrayRef<BoundInput> inputs, const InputOptions &options, unsigned draw) {
  if (Error error = checkRangeNames(inputs, options.ranges))
    return error;
  std::vector<HostTensor> tensors;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    if (input.value) {
      tensors.push_back(*input.value);
      continue;
    }
    Expected<HostTensor> tensor = makeTensor(cast<RankedTensorType>(input.type));
    if (!tensor)
      return addContext(tensor.takeError(), "input '" + input.name + "'");
    Expected<Range> range = findRange(input, i, options.ranges);
    if (!range)
      return range.takeError();
    std::seed_seq seed{static_cast<uint32_t>(options.seed), static_cast<uint32_t>(options.seed >> 32), draw, static_cast<uint32_t>(i)};
    std::mt19937_64 engine(seed);
    fill(*tensor, *range, engine);
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

} // namespace bn::driver
