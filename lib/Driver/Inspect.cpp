// Inspect.cpp - the verb `inspect`.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Driver/Inspect.h"

#include "ReportWriters.h"
#include "Stages.h"
#include "bn/Driver/Elements.h"
#include "bn/Driver/ModelFile.h"
#include "bn/Driver/OutputFile.h"
#include "bn/Driver/Table.h"
#include "bn/Pipelines.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace bn::driver {

namespace {
struct Port {
  std::string kind, name, type;
};
} // namespace

static std::vector<Port> getPorts(func::FuncOp main) {
  std::vector<Port> ports;
  for (auto [name, type] : llvm::zip(getInputNames(main), main.getArgumentTypes()))
    ports.push_back({"input", name, formatType(type)});
  for (auto [name, type] : llvm::zip(getOutputNames(main), main.getResultTypes()))
    ports.push_back({"output", name, formatType(type)});
  return ports;
}

static void printTables(ArrayRef<Port> ports, const Report &report, raw_ostream &os) {
  Table portTable({"", "name", "type"});
  for (const Port &port : ports)
    portTable.addRow({port.kind, port.name, port.type});
  portTable.print(os);
  Table operators({"nodes", "operator"});
  for (auto &[name, count] : sortOperators(report.before.operators))
    operators.addRow({std::to_string(count), name});
  os << '\n';
  operators.print(os);
  if (report.batchNorms.empty())
    return;
  Table batchNorms({"BatchNormalization", "version", "mode", "behind", "before", "optimize", "where, or why"});
  for (const BatchNormRecord &record : report.batchNorms)
    batchNorms.addRow({record.node, std::to_string(record.version), record.mode, record.producer, llvm::join(record.consumers, ", "),
                       getName(record.decision).str(), describeFate(record)});
  os << '\n';
  constexpr size_t width = 140;
  batchNorms.print(os, width);
}

static Error writeJson(ArrayRef<Port> ports, const Report &report, const InspectOptions &options) {
  return writeFile(options.json, [&](raw_ostream &os) {
    llvm::json::OStream json(os, 2);
    json.object([&] {
      json.attribute("model", options.model);
      for (StringRef kind : {"input", "output"})
        json.attributeArray((kind + "s").str(), [&] {
          for (const Port &port : ports)
            if (port.kind == kind)
              json.object([&] {
                json.attribute("name", llvm::json::fixUTF8(port.name));
                json.attribute("type", port.type);
              });
        });
      json.attributeObject("operators", [&] {
        for (auto &[name, count] : sortOperators(report.before.operators))
          json.attribute(llvm::json::fixUTF8(name), count);
      });
      writeRecordsJson(json, report);
    });
    os << '\n';
  });
}

Expected<ExitCode> inspect(const InspectOptions &options) {
  Session session;
  Expected<OwningOpRef<ModuleOp>> module = loadModel(options.model, session, options.initializers);
  if (!module)
    return module.takeError();
  Expected<func::FuncOp> main = getMainGraph(**module);
  if (!main)
    return main.takeError();
  OwningOpRef<ModuleOp> optimized = (*module)->clone();
  if (Error error = optimizeGraph(*optimized, {}, session))
    return error;
  Report report = collectReport(summarize(**module), *optimized);
  std::vector<Port> ports = getPorts(*main);
  if (options.json != "-")
    printTables(ports, report, llvm::outs());
  if (!options.json.empty())
    if (Error error = writeJson(ports, report, options))
      return error;
  return ExitCode::Done;
}

} // namespace bn::driver
