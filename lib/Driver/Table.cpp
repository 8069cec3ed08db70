// Table.cpp - aligned columns for people.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Table.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Unicode.h"

using namespace llvm;

namespace bn::driver {

static constexpr size_t gap = 2, leastWrap = 24, leastColumn = 12;

static size_t getColumns(StringRef text) {
  int columns = sys::unicode::columnWidthUTF8(text);
  return columns < 0 ? text.size() : columns;
}

/// Keeps both ends of a text that is too wide.
static std::string clip(StringRef text, size_t width) {
  if (getColumns(text) <= width)
    return text.str();
  size_t head = (width - 2) / 2;
  return (text.take_front(head) + ".." + text.take_back(width - 2 - head)).str();
}

/// Breaks a text into lines of at most `width`: at spaces, and inside a word of ASCII that is wider.
static std::vector<std::string> wrap(StringRef text, size_t width) {
  std::vector<std::string> lines(1);
  for (StringRef word : split(text, ' ')) {
    if (!lines.back().empty() && getColumns(lines.back()) + 1 + getColumns(word) > width)
      lines.emplace_back();
    for (; word.size() > width && isASCII(word); word = word.drop_front(width)) {
      lines.back() = word.take_front(width).str();
      lines.emplace_back();
    }
    lines.back() += (lines.back().empty() ? "" : " ") + word.str();
  }
  return lines;
}

bool Table::isNumeric(size_t column) const {
  return column + 1 < header.size() && !rows.empty() && all_of(rows, [&](const auto &row) {
    StringRef text = row[column];
    return text.empty() || text == "-" || isDigit(text.front()) || (text.front() == '-' && text.size() > 1);
  });
}

std::vector<size_t> Table::getWidths(size_t width) const {
  std::vector<size_t> widths;
  for (size_t column = 0; column < header.size(); ++column) {
    widths.push_back(getColumns(header[column]));
    for (const auto &row : rows)
      widths.back() = std::max(widths.back(), getColumns(row[column]));
  }
  size_t last = widths.size() - 1;
  auto total = [&] { return sum_of(widths, size_t(0)) + last * gap; };
  if (total() > width) // the last column gives way first, the widest of the others then
    widths[last] = std::max(std::min(leastWrap, widths[last]), widths[last] - std::min(widths[last], total() - width));
  while (total() > width && last > 0) {
    auto widest = std::max_element(widths.begin(), widths.end() - 1);
    if (*widest <= leastColumn)
      break;
    --*widest;
  }
  return widths;
}

void Table::print(raw_ostream &os, size_t width) const {
  std::vector<size_t> widths = getWidths(width);
  size_t last = widths.size() - 1;
  auto printCell = [&](const std::string &text, size_t column) {
    size_t padding = widths[column] - std::min(widths[column], getColumns(text));
    if (isNumeric(column))
      os.indent(padding) << text;
    else
      (os << text).indent(column == last ? 0 : padding);
    if (column != last)
      os.indent(gap);
  };
  auto printRow = [&](const std::vector<std::string> &row) {
    for (size_t column = 0; column < last; ++column)
      printCell(clip(row[column], widths[column]), column);
    size_t indent = sum_of(ArrayRef(widths).drop_back(), size_t(0)) + last * gap;
    for (auto [i, line] : enumerate(wrap(row[last], widths[last]))) {
      os.indent(i == 0 ? 0 : indent);
      printCell(line, last);
      os << '\n';
    }
  };
  printRow(header);
  std::vector<std::string> rule;
  for (size_t columns : widths)
    rule.emplace_back(columns, '-');
  printRow(rule);
  for (const auto &row : rows)
    printRow(row);
}

} // namespace bn::driver
