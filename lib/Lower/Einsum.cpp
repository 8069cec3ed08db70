// Einsum.cpp - Einsum: products of tensors with named dimensions, as matrix products.
// SPDX-License-Identifier: Apache-2.0
//
// Operands meet from left to right. For each pair, a label is of both and the result (batch), of one and the result (rows,
// columns), or of both and not the result (inner); what only one operand has and nobody needs later is summed before.

#include "Products.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace bn::lower {
namespace {

/// A tensor whose dimensions have labels, each once.
struct Labelled {
  Value tensor;
  std::string labels;

  int64_t size(char label) const { return shapeOf(tensor)[labels.find(label)]; }
};

/// Labels of the dimensions that an ellipsis stands for; letters cannot be them.
std::string getEllipsis(int64_t count) {
  std::string labels;
  for (int64_t i = 0; i < count; ++i)
    labels += static_cast<char>(1 + i);
  return labels;
}

class Equation {
public:
  explicit Equation(NodeLowering &n) : n(n), b(n.b) {}
  LogicalResult lower();

private:
  bool parse();
  /// The diagonal where a label is twice.
  Labelled takeDiagonals(Value x, std::string labels);
  Labelled sumOut(Labelled x, llvm::function_ref<bool(char)> isNeeded);
  Labelled arrange(Labelled x, StringRef labels);
  Labelled multiply(Labelled x, Labelled y, StringRef later);
  Value collapse(const Labelled &x, ArrayRef<std::string> groups);

  NodeLowering &n;
  Builder &b;
  std::vector<std::string> inputs;
  std::string output;
};

} // namespace

bool Equation::parse() {
  std::string text;
  for (char c : n.node.getString("equation", ""))
    if (c != ' ')
      text += c;
  auto [left, right] = StringRef(text).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != n.getNumInputs())
    return false;
  std::string ellipsis;
  for (auto [i, term] : llvm::enumerate(terms)) {
    size_t at = term.find("...");
    int64_t hidden = n.inType(i).getRank() - static_cast<int64_t>(term.size()) + 3;
    if (at == StringRef::npos) {
      inputs.push_back(term.str());
      continue;
    }
    if (hidden < 0)
      return false;
    std::string own = getEllipsis(std::max<int64_t>(hidden, ellipsis.size()));
    ellipsis = own;
    inputs.push_back((term.take_front(at) + "*" + Twine(static_cast<char>('0' + hidden)) + term.drop_front(at + 3)).str());
  }
  for (std::string &term : inputs) // an ellipsis of fewer dimensions has the last ones
    if (size_t at = term.find('*'); at != std::string::npos)
      term.replace(at, 2, ellipsis.substr(ellipsis.size() - (term[at + 1] - '0')));
  if (text.find("->") != std::string::npos) {
    output = right.str();
    if (size_t at = output.find("..."); at != std::string::npos)
      output.replace(at, 3, ellipsis);
  } else {
    std::string all = llvm::join(inputs, ""), once;
    for (char c : all)
      if (llvm::isAlpha(c) && llvm::count(all, c) == 1)
        once += c;
    llvm::sort(once);
    output = ellipsis + once;
  }
  for (auto [i, term] : llvm::enumerate(inputs))
    if (static_cast<int64_t>(term.size()) != n.inType(i).getRank())
      return false;
  return true;
}

Labelled Equation::takeDiagonals(Value x, std::string labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    size_t twin = labels.find(labels[i], i + 1);
    if (twin == std::string::npos)
      continue;
    SmallVector<int64_t> shape(shapeOf(x));
    shape.erase(shape.begin() + twin);
    Value source = x;
    x = generate(b, RankedTensorType::get(shape, typeOf(x).getElementType()), [&](Builder &b, ValueRange at) -> Value {
      SmallVector<Value> place(at);
      place.insert(place.begin() + twin, at[i]);
      Value element = tensor::ExtractOp::create(b, source, place);
      return isa<FloatType>(element.getType()) ? convertFloat(b, element, getComputeType(element.getType())) : element;
    });
    labels.erase(twin, 1);
    --i;
  }
  return {x, labels};
}

Labelled Equation::sumOut(Labelled x, llvm::function_ref<bool(char)> isNeeded) {
  SmallVector<int64_t> axes;
  std::string kept;
  for (auto [i, label] : llvm::enumerate(x.labels)) {
    if (isNeeded(label))
      kept += label;
    else
      axes.push_back(i);
  }
  if (axes.empty())
    return x;
  Type element = typeOf(x.tensor).getElementType();
  Value sum = reduce(b, x.tensor, axes, number(b, getComputeType(element), 0), [](Builder &b, ValueRange v) -> Value {
    if (isa<FloatType>(v[0].getType()))
      return arith::AddFOp::create(b, v[0], v[1]);
    return arith::AddIOp::create(b, v[0], v[1]);
  });
  return {convert(b, sum, element), kept};
}

/// x with its dimensions in this order.
Labelled Equation::arrange(Labelled x, StringRef labels) {
  auto permutation = llvm::map_to_vector(labels, [&](char label) -> int64_t { return x.labels.find(label); });
  return {transpose(b, x.tensor, permutation), labels.str()};
}

/// x with each group of labels as one dimension.
Value Equation::collapse(const Labelled &x, ArrayRef<std::string> groups) {
  SmallVector<int64_t> shape;
  for (const std::string &group : groups) {
    shape.push_back(1);
    for (char label : group)
      shape.back() *= x.size(label);
  }
  return reshape(b, arrange(x, llvm::join(groups, "")).tensor, shape);
}

Labelled Equation::multiply(Labelled x, Labelled y, StringRef later) {
  auto has = [](const std::string &labels, char label) { return labels.find(label) != std::string::npos; };
  x = sumOut(x, [&](char label) { return has(y.labels, label) || later.contains(label); });
  y = sumOut(y, [&](char label) { return has(x.labels, label) || later.contains(label); });
  std::string batch, rows, columns, inner;
  SmallVector<int64_t> shape;
  for (char label : x.labels)
    (!has(y.labels, label) ? rows : later.contains(label) ? batch : inner) += label;
  for (char label : y.labels)
    if (!has(x.labels, label))
      columns += label;
  Value product = multiplyMatrices(n, collapse(x, {batch, rows, inner}), collapse(y, {batch, inner, columns}));
  for (char label : batch + rows)
    shape.push_back(x.size(label));
  for (char label : columns)
    shape.push_back(y.size(label));
  return {reshape(b, product, shape), batch + rows + columns};
}

LogicalResult Equation::lower() {
  if (!parse())
    return n.fail("expected an equation for the ranks of the inputs");
  llvm::DenseMap<char, int64_t> sizes;
  for (auto [i, labels] : llvm::enumerate(inputs))
    for (auto [label, size] : llvm::zip(labels, n.inShape(i)))
      sizes[label] = std::max(sizes[label], size);
  std::vector<Labelled> operands;
  for (auto [i, labels] : llvm::enumerate(inputs)) {
    // A dimension of one that broadcasts against others is none.
    Labelled x = takeDiagonals(n.in(i), labels);
    SmallVector<int64_t> shape;
    std::string kept;
    for (auto [label, size] : llvm::zip(x.labels, shapeOf(x.tensor)))
      if (size == sizes[label]) {
        kept += label;
        shape.push_back(size);
      }
    operands.push_back({reshape(b, x.tensor, shape), kept});
  }
  Labelled result = operands.front();
  for (size_t i = 1; i < operands.size(); ++i) {
    std::string later = output;
    for (const Labelled &next : ArrayRef(operands).drop_front(i + 1))
      later += next.labels;
    result = multiply(result, operands[i], later);
  }
  result = sumOut(result, [&](char label) { return output.find(label) != std::string::npos; });
  std::string present;
  for (char label : output)
    if (result.labels.find(label) != std::string::npos)
      present += label;
  n.results.push_back(reshape(b, arrange(result, present).tensor, n.outType().getShape()));
  return success();
}

void addEinsum(LoweringTable &table) {
  table["Einsum"] = [](NodeLowering &n) { return Equation(n).lower(); };
}

} // namespace bn::lower
