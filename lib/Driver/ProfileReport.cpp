// ProfileReport.cpp - a profile for people and for scripts.
// SPDX-License-Identifier: Apache-2.0

#include "ProfileReport.h"

#include "bn/Driver/OutputFile.h"
#include "bn/Driver/Table.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace bn::driver {

static double getMilliseconds(const ProfileEvent &event) {
  return std::chrono::duration<double, std::milli>(event.end - event.begin).count();
}

std::vector<ProfileRow> summarize(const Profile &profile) {
  MapVector<std::pair<StringRef, unsigned>, ProfileRow> rows;
  for (const ProfileEvent &event : profile) {
    ProfileRow &row = rows[{StringRef(event.nodes).split(" + ").first, event.onHost}];
    if (event.nodes.size() > row.nodes.size()) // a convolution of several loops: only the last has what was fused
      row.nodes = event.nodes;
    row.onHost = event.onHost;
    row.milliseconds += getMilliseconds(event);
    row.flops += event.flops;
    row.bytes += event.bytes;
  }
  std::vector<ProfileRow> result;
  for (auto &[key, row] : rows)
    result.push_back(std::move(row));
  llvm::sort(result, [](const ProfileRow &a, const ProfileRow &b) { return a.milliseconds > b.milliseconds; });
  return result;
}

static std::string percent(double part, double whole) { return whole > 0 ? formatv("{0:F1}", 100 * part / whole).str() : "-"; }

/// Billions per second; nothing where the count is unknown.
static std::string rate(int64_t count, double milliseconds) {
  return count ? formatv("{0:F1}", count / milliseconds / 1e6).str() : "-";
}

void printProfile(ArrayRef<ProfileRow> rows, double milliseconds, const MachinePeak &peak, raw_ostream &os) {
  constexpr size_t shown = 40;
  Table table({"ms", "%", "GFLOP/s", "% of peak", "GB/s", "% of copy", "nodes"});
  auto addRow = [&](const ProfileRow &row, std::string label) {
    double seconds = row.milliseconds / 1e3;
    table.addRow({formatv("{0:F3}", row.milliseconds), percent(row.milliseconds, milliseconds), rate(row.flops, row.milliseconds),
                  row.flops ? percent(row.flops / seconds, peak.flops) : "-", rate(row.bytes, row.milliseconds),
                  row.bytes ? percent(row.bytes / seconds, peak.copyBytes) : "-", std::move(label)});
  };
  ProfileRow others, between;
  between.milliseconds = milliseconds;
  for (auto [i, row] : llvm::enumerate(rows)) {
    between.milliseconds -= row.milliseconds;
    if (i < shown) {
      addRow(row, (row.nodes.empty() ? "(no name)" : row.nodes) + (row.onHost ? " (interpreter)" : ""));
      continue;
    }
    others.milliseconds += row.milliseconds;
    others.flops += row.flops;
    others.bytes += row.bytes;
  }
  if (rows.size() > shown)
    addRow(others, formatv("({0} more)", rows.size() - shown));
  addRow(between, "(between the loops)");
  table.print(os);
  os << formatv("this machine: {0:F0} GFLOP/s in f32 multiply-adds, {1:F1} GB/s copying memory\n", peak.flops / 1e9, peak.copyBytes / 1e9);
}

void writeProfile(ArrayRef<ProfileRow> rows, const MachinePeak &peak, json::OStream &json) {
  json.attribute("peak_flops", peak.flops);
  json.attribute("copy_bytes_per_second", peak.copyBytes);
  json.attributeArray("profile", [&] {
    for (const ProfileRow &row : rows)
      json.object([&] {
        json.attribute("nodes", row.nodes);
        json.attribute("engine", row.onHost ? "reference" : "jit");
        json.attribute("ms", row.milliseconds);
        json.attribute("flops", row.flops);
        json.attribute("bytes", row.bytes);
      });
  });
}

Error writeTrace(const Profile &profile, StringRef path) {
  return writeFile(path, [&](raw_ostream &os) {
    json::OStream json(os);
    auto microseconds = [](auto duration) { return std::chrono::duration<double, std::micro>(duration).count(); };
    json.array([&] {
      for (const ProfileEvent &event : profile)
        json.object([&] {
          json.attribute("name", event.nodes);
          json.attribute("cat", event.onHost ? "interpreter" : "kernel");
          json.attribute("ph", "X");
          json.attribute("ts", microseconds(event.begin - profile.front().begin));
          json.attribute("dur", microseconds(event.end - event.begin));
          json.attribute("pid", 0);
          json.attribute("tid", 0);
          json.attributeObject("args", [&] {
            json.attribute("flops", event.flops);
            json.attribute("bytes", event.bytes);
          });
        });
    });
    os << '\n';
  });
}

} // namespace bn::driver
