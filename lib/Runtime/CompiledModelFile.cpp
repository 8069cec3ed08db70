// CompiledModelFile.cpp - compiled models in files: a module in bytecode with the plan and the objects as attributes.
// SPDX-License-Identifier: Apache-2.0

#include "Plan.h"
#include "bn/Runtime/CompiledModel.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"

#include <system_error>

using namespace mlir;

static constexpr llvm::StringLiteral kObjectsAttr = "kernel.objects";     ///< array of tensor<?xi8>
static constexpr llvm::StringLiteral kOutputTypesAttr = "kernel.results"; ///< array of types

void bn::writeCompiledModel(const CompiledModel &model, MLIRContext *context, llvm::raw_ostream &os) {
  Builder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  writePlan(model, *module);
  SmallVector<Attribute> objects;
  for (const std::unique_ptr<llvm::MemoryBuffer> &object : model.objects) {
    auto type = RankedTensorType::get({static_cast<int64_t>(object->getBufferSize())}, builder.getI8Type());
    ArrayRef<char> bytes(object->getBufferStart(), object->getBufferSize());
    objects.push_back(DenseResourceElementsAttr::get(type, "object", UnmanagedAsmResourceBlob::allocateWithAlign(bytes, 16)));
  }
  (*module)->setAttr(kObjectsAttr, builder.getArrayAttr(objects));
  SmallVector<Type> types(model.outputTypes.begin(), model.outputTypes.end());
  (*module)->setAttr(kOutputTypesAttr, builder.getTypeArrayAttr(types));
  (void)writeBytecodeToFile(*module, os);
}

llvm::Expected<bn::CompiledModel> bn::readCompiledModel(std::unique_ptr<llvm::MemoryBuffer> file, MLIRContext *context) {
  auto source = std::make_shared<llvm::SourceMgr>(); // lives as long as what refers to the file
  const llvm::MemoryBuffer *buffer = file.get();
  source->AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(source, ParserConfig(context));
  auto objects = module ? (*module)->getAttrOfType<ArrayAttr>(kObjectsAttr) : ArrayAttr();
  auto types = module ? (*module)->getAttrOfType<ArrayAttr>(kOutputTypesAttr) : ArrayAttr();
  if (!objects || !types)
    return llvm::createStringError(std::errc::bad_message, "expected a compiled model");
  CompiledModel model;
  if (llvm::Error error = readPlan(*module, model))
    return std::move(error);
  model.file = buffer;
  for (Type type : types.getAsValueRange<TypeAttr>())
    model.outputTypes.push_back(cast<RankedTensorType>(type));
  for (auto object : objects.getAsRange<DenseResourceElementsAttr>()) {
    ArrayRef<char> bytes = object.getRawHandle().getBlob()->getData();
    model.objects.push_back(llvm::MemoryBuffer::getMemBuffer({bytes.data(), bytes.size()}, "object", /*RequiresNullTerminator=*/false));
  }
  return model;
}
