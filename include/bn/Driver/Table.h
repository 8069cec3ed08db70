// Table.h - aligned columns for people.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_TABLE_H
#define BN_DRIVER_TABLE_H

#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace bn::driver {

/// A table whose last column wraps within the width; the columns of numbers before it are set to the right.
class Table {
public:
  explicit Table(std::vector<std::string> header) : header(std::move(header)) {}

  void addRow(std::vector<std::string> row) { rows.push_back(std::move(row)); }
  bool empty() const { return rows.empty(); }
  void print(llvm::raw_ostream &os, size_t width = 100) const;

private:
  std::vector<size_t> getWidths(size_t width) const;
  bool isNumeric(size_t column) const;

  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

} // namespace bn::driver

#endif // BN_DRIVER_TABLE_H
