// Text.cpp - ONNX category text: operators on strings, and TfIdfVectorizer.
// SPDX-License-Identifier: Apache-2.0

#include "Broadcast.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include <regex>

using namespace mlir;

namespace bn::reference {

using Strings = std::vector<std::string>;

static LogicalResult rejectNumbers(const Call &call, unsigned i) {
  return call.error() << "expected input " << i << " to be strings, got " << call[i].elementType;
}

/// The strings of a list attribute.
static SmallVector<StringRef> getStrings(const Call &call, StringRef name) {
  SmallVector<StringRef> strings;
  if (auto list = dyn_cast_or_null<ArrayAttr>(call.node.getNodeAttr(name)))
    llvm::append_range(strings, list.getAsValueRange<StringAttr>());
  return strings;
}

/// Upper or lower case of the ASCII letters.
static std::string changeCase(StringRef text, StringRef action) {
  return action == "LOWER" ? text.lower() : action == "UPPER" ? text.upper() : text.str();
}

static LogicalResult stringNormalizer(Call &call) {
  const Tensor &x = call[0];
  auto *words = std::get_if<Strings>(&x.values);
  if (!words)
    return rejectNumbers(call, 0);
  if (x.shape.size() != 1 && !(x.shape.size() == 2 && x.shape[0] == 1))
    return call.error() << "expected a list of strings, got " << x.getType();
  bool isExact = call.node.getInt("is_case_sensitive", 0);
  StringRef action = call.node.getString("case_change_action", "NONE");
  llvm::StringSet<> stop;
  for (StringRef word : getStrings(call, "stopwords"))
    stop.insert(isExact ? word.str() : word.lower());
  Strings kept;
  for (const std::string &word : *words)
    if (!stop.contains(isExact ? word : StringRef(word).lower()))
      kept.push_back(changeCase(word, action));
  if (kept.empty())
    kept.push_back("");
  Dims shape(x.shape);
  shape.back() = kept.size();
  Tensor *y = call.addResult(x.elementType, shape);
  if (y)
    y->values = std::move(kept);
  return success(y);
}

static LogicalResult stringConcat(Call &call) {
  for (unsigned i : {0, 1})
    if (!std::get_if<Strings>(&call[i].values))
      return rejectNumbers(call, i);
  FailureOr<Dims> shape = broadcastOperands(call);
  if (failed(shape))
    return failure();
  Tensor *y = call.addResult(call[0].elementType, *shape);
  if (!y)
    return failure();
  zipBroadcast(*shape, std::get<Strings>(y->values).data(), ArrayRef(std::get<Strings>(call[0].values)), call[0].shape,
               ArrayRef(std::get<Strings>(call[1].values)), call[1].shape,
               [](const std::string &a, const std::string &b) { return a + b; });
  return success();
}

/// Whether each string as a whole is what the pattern describes.
static LogicalResult regexFullMatch(Call &call) {
  auto *texts = std::get_if<Strings>(&call[0].values);
  if (!texts)
    return rejectNumbers(call, 0);
  StringRef pattern = call.node.getString("pattern", "");
  std::regex expression;
  try {
    expression.assign(pattern.begin(), pattern.end());
  } catch (const std::regex_error &) {
    return call.unsupported() << "the interpreter does not support the pattern '" << pattern << "'";
  }
  Tensor *y = call.addResult(IntegerType::get(call.node->getContext(), 1), call[0].shape);
  if (!y)
    return failure();
  llvm::transform(*texts, y->mutableIntegers().begin(), [&](const std::string &text) { return std::regex_match(text, expression); });
  return success();
}

/// The pieces of a string between delimiters, or between runs of white space.
static SmallVector<StringRef> split(StringRef text, StringRef delimiter, int64_t most) {
  SmallVector<StringRef> pieces;
  if (!delimiter.empty()) {
    if (!text.empty())
      text.split(pieces, delimiter, most);
    return pieces;
  }
  constexpr StringLiteral space = " \t\n\r\f\v";
  for (text = text.ltrim(space); !text.empty(); text = text.ltrim(space)) {
    bool isLast = most >= 0 && static_cast<int64_t>(pieces.size()) == most;
    pieces.push_back(isLast ? text.rtrim(space) : text.take_front(text.find_first_of(space)));
    text = isLast ? StringRef() : text.drop_front(pieces.back().size());
  }
  return pieces;
}

static LogicalResult stringSplit(Call &call) {
  const Tensor &x = call[0];
  auto *texts = std::get_if<Strings>(&x.values);
  if (!texts)
    return rejectNumbers(call, 0);
  std::vector<SmallVector<StringRef>> pieces;
  size_t most = 0;
  for (const std::string &text : *texts) {
    pieces.push_back(split(text, call.node.getString("delimiter", ""), call.node.getInt("maxsplit", -1)));
    most = std::max(most, pieces.back().size());
  }
  Dims shape(x.shape);
  shape.push_back(most);
  if (!call.addResult(x.elementType, shape) || !call.addResult(IntegerType::get(call.node->getContext(), 64), x.shape))
    return failure();
  for (auto [i, list] : llvm::enumerate(pieces)) {
    for (auto [j, piece] : llvm::enumerate(list))
      std::get<Strings>(call.results[0].values)[i * most + j] = piece.str();
    call.results[1].mutableIntegers()[i] = list.size();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// TfIdfVectorizer
//===----------------------------------------------------------------------===//

namespace {
/// The n-grams that a node knows, as slices of one pool.
template <typename T> struct Grams {
  std::vector<T> pool;
  SmallVector<int64_t> starts; ///< where the n-grams of each length start in the pool
};
} // namespace

/// Counts how often each n-gram occurs in a row, with gaps up to `skips`.
template <typename T>
static std::vector<double> countGrams(const Call &call, const Grams<T> &grams, ArrayRef<T> row, size_t outputs) {
  int64_t shortest = call.node.getInt("min_gram_length", 1), longest = call.node.getInt("max_gram_length", 1);
  int64_t skips = call.node.getInt("max_skip_count", 0);
  std::vector<double> counts(outputs);
  ArrayRef<int64_t> places = call.node.getInts("ngram_indexes").value_or(ArrayRef<int64_t>());
  size_t gram = 0;
  for (int64_t length = 1; length <= static_cast<int64_t>(grams.starts.size()); ++length) {
    int64_t begin = grams.starts[length - 1];
    int64_t end = length < static_cast<int64_t>(grams.starts.size()) ? grams.starts[length] : grams.pool.size();
    for (int64_t at = begin; at + length <= end && gram < places.size(); at += length, ++gram) {
      if (length < shortest || length > longest)
        continue;
      for (int64_t skip = 0; skip <= (length == 1 ? 0 : skips); ++skip)
        for (int64_t i = 0; i + (length - 1) * (skip + 1) < static_cast<int64_t>(row.size()); ++i) {
          auto matches = [&](int64_t k) { return row[i + k * (skip + 1)] == grams.pool[at + k]; };
          if (llvm::all_of(llvm::seq(length), matches) && places[gram] >= 0 && places[gram] < static_cast<int64_t>(outputs))
            counts[places[gram]] += 1;
        }
    }
  }
  return counts;
}

template <typename T> static LogicalResult vectorize(Call &call, const Grams<T> &grams, ArrayRef<T> values) {
  ArrayRef<int64_t> places = call.node.getInts("ngram_indexes").value_or(ArrayRef<int64_t>());
  size_t outputs = places.empty() ? 0 : *llvm::max_element(places) + 1;
  auto weights = dyn_cast_or_null<DenseF32ArrayAttr>(call.node.getNodeAttr("weights"));
  StringRef mode = call.node.getString("mode", "TF");
  int64_t rows = call[0].shape.size() == 2 ? call[0].shape[0] : 1, columns = rows ? values.size() / rows : 0;
  Dims shape = call[0].shape.size() == 2 ? Dims{rows, static_cast<int64_t>(outputs)} : Dims{static_cast<int64_t>(outputs)};
  Tensor *y = call.addResult(Float32Type::get(call.node->getContext()), shape);
  if (!y)
    return failure();
  for (int64_t r = 0; r < rows; ++r)
    for (auto [place, count] : llvm::enumerate(countGrams(call, grams, values.slice(r * columns, columns), outputs))) {
      double weight = 1;
      for (auto [i, target] : llvm::enumerate(places))
        if (weights && target == static_cast<int64_t>(place) && i < static_cast<size_t>(weights.size()))
          weight = weights[i];
      double value = mode == "TF" ? count : mode == "IDF" ? (count > 0) * weight : count * weight;
      y->mutableReals()[r * outputs + place] = value;
    }
  return success();
}

static LogicalResult tfIdfVectorizer(Call &call) {
  SmallVector<int64_t> starts(call.node.getInts("ngram_counts").value_or(ArrayRef<int64_t>()));
  if (call[0].shape.size() > 2 || starts.empty() || llvm::any_of(starts, [](int64_t i) { return i < 0; }) || !llvm::is_sorted(starts))
    return call.error() << "expected one or two dimensions and rising 'ngram_counts'";
  if (auto *strings = std::get_if<Strings>(&call[0].values)) {
    Grams<std::string> grams{{}, starts};
    for (StringRef word : getStrings(call, "pool_strings"))
      grams.pool.push_back(word.str());
    return vectorize<std::string>(call, grams, *strings);
  }
  return vectorize<int64_t>(call, {call.node.getInts("pool_int64s").value_or(ArrayRef<int64_t>()).vec(), starts}, call[0].integers());
}

ArrayRef<Operator> getTexts() {
  static constexpr Operator table[] = {
      {"RegexFullMatch", "any", regexFullMatch},
      {"StringConcat", "any any", stringConcat},
      {"StringNormalizer", "any", stringNormalizer},
      {"StringSplit", "any", stringSplit},
      {"TfIdfVectorizer", "any", tfIdfVectorizer},
  };
  return table;
}

} // namespace bn::reference
