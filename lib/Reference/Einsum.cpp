// Einsum.cpp - sums of products by an equation over the labels of dimensions: ONNX category math.
// SPDX-License-Identifier: Apache-2.0

#include "Operator.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace mlir;

namespace bn::reference {

namespace {
/// Labels of an equation's term, one a dimension: letters, and one negative number per dimension of the ellipsis, counted from its end.
using Term = SmallVector<int>;

struct Equation {
  SmallVector<Term> inputs;
  Term output;
  std::map<int, int64_t> sizes; ///< by label
};
} // namespace

/// Reads one term; an ellipsis stands for `extra` dimensions.
static Term readTerm(StringRef text, int64_t extra) {
  Term term;
  while (!text.empty()) {
    if (text.consume_front("..."))
      for (int64_t d = extra; d > 0; --d)
        term.push_back(-d);
    else
      term.push_back(text.front()), text = text.drop_front();
  }
  return term;
}

/// Without an arrow the output has the ellipsis, and the letters that occur once, in alphabetical order.
static Term getImplicitOutput(const Equation &equation) {
  std::map<int, int> uses;
  for (const Term &input : equation.inputs)
    for (int label : input)
      ++uses[label];
  Term output;
  for (auto [label, count] : uses)
    if (label < 0 || count == 1)
      output.push_back(label);
  return output;
}

static FailureOr<Equation> readEquation(Call &call) {
  std::string text = llvm::join(llvm::split(call.node.getString("equation", ""), ' '), "");
  auto [left, right] = StringRef(text).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != call.operands.size() || llvm::is_contained(call.operands, nullptr))
    return call.error() << "expected an input for each of " << terms.size() << " terms, got " << call.operands.size();
  Equation equation;
  int64_t widest = 0;
  for (auto [term, operand] : llvm::zip_equal(terms, call.operands)) {
    int64_t rank = operand->shape.size(), extra = term.contains("...") ? rank - static_cast<int64_t>(term.size() - 3) : 0;
    widest = std::max(widest, extra);
    equation.inputs.push_back(readTerm(term, extra));
    if (static_cast<int64_t>(equation.inputs.back().size()) != rank)
      return call.error() << "expected a tensor for term '" << term << "', got " << operand->getType();
    for (auto [label, size] : llvm::zip_equal(equation.inputs.back(), operand->shape)) {
      int64_t &known = equation.sizes.try_emplace(label, size).first->second;
      if (known != size && known != 1 && size != 1)
        return call.error() << "expected one size for every label of '" << text << "', got " << known << " and " << size;
      known = known == 1 ? size : known;
    }
  }
  equation.output = StringRef(text).contains("->") ? readTerm(right, widest) : getImplicitOutput(equation);
  for (int label : equation.output)
    if (!equation.sizes.count(label))
      return call.error() << "expected labels of the output among those of the inputs in '" << text << "'";
  return equation;
}

/// Strides of a tensor along the loop's labels; labels that it repeats add up.
static Dims getLabelStrides(ArrayRef<int> labels, const Term &term, ArrayRef<int64_t> shape) {
  Dims strides(labels.size(), 0), own = getStrides(shape);
  for (size_t d = 0; d < term.size(); ++d)
    if (shape[d] != 1)
      strides[llvm::find(labels, term[d]) - labels.begin()] += own[d];
  return strides;
}

/// Output labels are the outer loops, the summed ones the inner: out[o] = Σ Π inputs.
static LogicalResult einsum(Call &call) {
  FailureOr<Equation> equation = readEquation(call);
  if (failed(equation))
    return failure();
  SmallVector<int> labels(equation->output.begin(), equation->output.end());
  for (auto [label, size] : equation->sizes)
    if (!llvm::is_contained(labels, label))
      labels.push_back(label);
  Dims loop = llvm::map_to_vector<6>(labels, [&](int label) { return equation->sizes[label]; });
  Dims shape(ArrayRef(loop).take_front(equation->output.size()));
  Tensor *y = call.addResult(call[0].elementType, shape);
  if (!y || failed(call.checkShape(loop)))
    return failure();
  SmallVector<Dims> strides;
  for (auto [term, operand] : llvm::zip_equal(equation->inputs, call.operands))
    strides.push_back(getLabelStrides(labels, term, operand->shape));
  Dims outStrides = getLabelStrides(labels, equation->output, shape);
  forEachIndex(loop, [&](ArrayRef<int64_t> index) {
    auto multiply = [&](auto product, auto get) {
      for (size_t i = 0; i < strides.size(); ++i)
        product *= get(call[i])[dot(index, strides[i])];
      return product;
    };
    int64_t at = dot(index, outStrides);
    if (isa<FloatType>(y->elementType)) {
      y->mutableReals()[at] += multiply(1.0, [](const Tensor &x) { return x.reals(); });
      return;
    }
    int64_t &sum = y->mutableIntegers()[at]; // of bits, as the products
    sum = wrapToType(y->elementType, sum + multiply(uint64_t(1), [](const Tensor &x) { return x.integers(); }));
  });
  return success();
}

ArrayRef<Operator> getEinsums() {
  static constexpr Operator table[] = {{"Einsum", "number...", einsum}};
  return table;
}

} // namespace bn::reference
