// Export.cpp - ONNX out: graph form becomes a model file.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Onnx/Export.h"

#include "ExternalData.h"
#include "GraphExport.h"
#include "ModelFile.h"

#include "bn/IR/Onnx/Names.h"
#include "bn/Onnx/OutputFile.h"

#include "onnx/defs/printer.h"

using namespace mlir;
using llvm::Error;

namespace bn::onnx {

/// What a module that was never ONNX is exported as.
constexpr int64_t defaultIrVersion = 10, defaultOpset = 21;

/// Writes what the model says beside its graph and functions.
static void exportHeader(ModuleOp module, proto::ModelProto &model) {
  if (auto residue = module->getAttrOfType<StringAttr>(attr::model))
    model = deserialize<proto::ModelProto>(residue.getValue());
  auto irVersion = module->getAttrOfType<IntegerAttr>(attr::irVersion);
  if (int64_t version = irVersion ? irVersion.getInt() : defaultIrVersion; model.ir_version() != version)
    model.set_ir_version(version);
  OpsetImports imports;
  if (auto versions = module->getAttrOfType<DictionaryAttr>(attr::opsetImports))
    for (NamedAttribute named : versions)
      imports[normalizeDomain(named.getName())] = cast<IntegerAttr>(named.getValue()).getInt();
  else
    imports[""] = defaultOpset;
  OpsetImports before = getOpsetImports(model.opset_import());
  bool same = before.size() == imports.size() &&
              llvm::all_of(imports, [&](const auto &import) { return before.lookup(import.getKey()) == import.getValue(); });
  if (same)
    return;
  model.clear_opset_import();
  for (const auto &import : imports) {
    auto &entry = *model.add_opset_import();
    entry.set_domain(import.getKey().str());
    entry.set_version(import.getValue());
  }
}

static Error exportFunctions(ModuleOp module, ModelFile &file) {
  OpsetImports imports = getOpsetImports(file.model.opset_import());
  for (auto function : module.getOps<func::FuncOp>()) {
    auto residue = function->getAttrOfType<StringAttr>(attr::function);
    if (!residue && file.model.has_graph())
      return unsupported("expected one graph, got '" + function.getSymName() + "' as well");
    if (!residue) {
      if (Error error = GraphExporter(imports, file.blobs).exportMain(function, *file.model.mutable_graph()))
        return error;
      continue;
    }
    proto::FunctionProto &result = *file.model.add_functions();
    result = deserialize<proto::FunctionProto>(residue.getValue());
    if (Error error = GraphExporter(getOpsetImports(result.opset_import()), file.blobs).exportFunction(function, result))
      return addContext(std::move(error), "function '" + function.getSymName() + "': ");
  }
  if (!file.model.has_graph())
    return unsupported("expected a graph, got a module without one");
  return Error::success();
}

/// Puts the contents of tensors into their messages.
static void mergeBlobs(ModelFile &file) {
  for (auto &[tensor, blob] : file.blobs)
    const_cast<proto::TensorProto *>(tensor)->set_raw_data(blob.bytes.data(), blob.bytes.size());
  file.blobs.clear();
}

/// Writes ONNX's text form, which has no place for metadata, documentation and the names of some nodes; a model for which
/// ONNX's printer gives something that ONNX's parser does not read is refused.
static Error writeText(ModelFile &file, StringRef path) {
  mergeBlobs(file);
  std::string text;
  ModelFile readBack;
  try {
    text = proto::ProtoToString(file.model);
  } catch (const std::exception &exception) {
    return unsupported("cannot write '" + path + "' as text: " + toOneLine(exception.what()));
  }
  if (Error error = parseTextModel(text, readBack))
    return unsupported("cannot write '" + path + "' as text that can be read again: " + toString(std::move(error)));
  return writeWhole(path, text.size() + 1, [&](llvm::raw_ostream &os) { os << text << "\n"; });
}

Error exportModel(ModuleOp module, StringRef path, const ExportOptions &options) {
  ModelFile file;
  exportHeader(module, file.model);
  if (Error error = exportFunctions(module, file))
    return addContext(std::move(error), path + ": ");
  if (Error error = writeExternalData(file, path, options.externalData))
    return error;
  return path.ends_with(".onnxtxt") ? writeText(file, path) : writeModelFile(file, path);
}

} // namespace bn::onnx
