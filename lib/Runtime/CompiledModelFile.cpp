// CompiledModelFile.cpp - compiled models in files.
// SPDX-License-Identifier: Apache-2.0
//
// First large weights, at the places that whoever wrote them knows; then a module in bytecode with the plan, the objects and the small
// weights as attributes; then where that module begins.

#include "Plan.h"
#include "bn/IR/Kernel/ModuleAttributes.h"
#include "bn/Runtime/CompiledModel.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SourceMgr.h"

#include <system_error>

using namespace mlir;

static constexpr llvm::StringLiteral kObjectsAttr = "kernel.objects";     ///< array of tensor<?xi8>
static constexpr llvm::StringLiteral kOutputTypesAttr = "kernel.results"; ///< array of types
static constexpr llvm::StringLiteral kPlaceAttr = "place";                ///< i64, of a weight in the file
static constexpr llvm::StringLiteral kTypeAttr = "type";                  ///< of a weight in the file
static constexpr uint64_t kModuleAlignment = 4096;
static constexpr size_t kEndSize = sizeof(uint64_t);

/// The table of weights with a place and a type where a value stands in the file already.
static ArrayAttr replaceByPlaces(ArrayAttr table, const bn::WeightPlaces &places) {
  Builder builder(table.getContext());
  return builder.getArrayAttr(llvm::map_to_vector(table.getAsRange<DictionaryAttr>(), [&](DictionaryAttr entry) -> Attribute {
    auto value = cast<ElementsAttr>(entry.get("value"));
    auto place = places.find(value);
    if (place == places.end())
      return entry;
    return builder.getDictionaryAttr({builder.getNamedAttr("offset", entry.get("offset")),
                                      builder.getNamedAttr(kPlaceAttr, builder.getI64IntegerAttr(place->second)),
                                      builder.getNamedAttr(kTypeAttr, TypeAttr::get(value.getType()))});
  }));
}

/// The table with all values again; null where one is not inside of `bytes`, which `owner` keeps.
static ArrayAttr replaceByValues(ArrayAttr table, llvm::StringRef bytes, const std::shared_ptr<llvm::SourceMgr> &owner) {
  Builder builder(table.getContext());
  SmallVector<Attribute> entries;
  for (auto entry : table.getAsRange<DictionaryAttr>()) {
    auto place = entry.getAs<IntegerAttr>(kPlaceAttr);
    if (!place) {
      entries.push_back(entry);
      continue;
    }
    auto type = cast<RankedTensorType>(entry.getAs<TypeAttr>(kTypeAttr).getValue());
    uint64_t begin = place.getInt(), size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
    if (begin > bytes.size() || size > bytes.size() - begin)
      return nullptr;
    AsmResourceBlob blob(ArrayRef<char>(bytes.data() + begin, size), kModuleAlignment, [owner](void *, size_t, size_t) {},
                         /*dataIsMutable=*/false);
    NamedAttribute offset = builder.getNamedAttr("offset", entry.get("offset"));
    NamedAttribute value = builder.getNamedAttr("value", DenseResourceElementsAttr::get(type, "weight", std::move(blob)));
    entries.push_back(builder.getDictionaryAttr({offset, value}));
  }
  return builder.getArrayAttr(entries);
}

void bn::writeCompiledModel(const CompiledModel &model, const WeightPlaces &places, MLIRContext *context, llvm::raw_ostream &os) {
  Builder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  writePlan(model, *module);
  if (model.weights)
    (*module)->setAttr(kernel::kWeightsAttr, replaceByPlaces(model.weights, places));
  SmallVector<Attribute> objects;
  for (const std::unique_ptr<llvm::MemoryBuffer> &object : model.objects) {
    auto type = RankedTensorType::get({static_cast<int64_t>(object->getBufferSize())}, builder.getI8Type());
    ArrayRef<char> bytes(object->getBufferStart(), object->getBufferSize());
    objects.push_back(DenseResourceElementsAttr::get(type, "object", UnmanagedAsmResourceBlob::allocateWithAlign(bytes, 16)));
  }
  (*module)->setAttr(kObjectsAttr, builder.getArrayAttr(objects));
  SmallVector<Type> types(model.outputTypes.begin(), model.outputTypes.end());
  (*module)->setAttr(kOutputTypesAttr, builder.getTypeArrayAttr(types));
  os.write_zeros(llvm::offsetToAlignment(os.tell(), llvm::Align(kModuleAlignment)));
  char end[kEndSize];
  llvm::support::endian::write64le(end, os.tell());
  (void)writeBytecodeToFile(*module, os);
  os.write(end, kEndSize);
}

/// Where the module begins in the bytes of a file; nothing where they cannot be one.
static std::optional<uint64_t> findModule(llvm::StringRef bytes) {
  if (bytes.size() < kEndSize)
    return std::nullopt;
  uint64_t begin = llvm::support::endian::read64le(bytes.end() - kEndSize);
  if (begin % kModuleAlignment || begin > bytes.size() - kEndSize)
    return std::nullopt;
  return begin;
}

llvm::Expected<bn::CompiledModel> bn::readCompiledModel(std::unique_ptr<llvm::MemoryBuffer> file, MLIRContext *context) {
  auto fail = [] { return llvm::createStringError(std::errc::bad_message, "expected a compiled model"); };
  llvm::StringRef bytes = file->getBuffer();
  std::optional<uint64_t> begin = findModule(bytes);
  if (!begin)
    return fail();
  auto source = std::make_shared<llvm::SourceMgr>(); // lives as long as what refers to the file
  const llvm::MemoryBuffer *buffer = file.get();
  source->AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(bytes.drop_front(*begin).drop_back(kEndSize), "", false), llvm::SMLoc());
  source->AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(source, ParserConfig(context));
  auto objects = module ? (*module)->getAttrOfType<ArrayAttr>(kObjectsAttr) : ArrayAttr();
  auto types = module ? (*module)->getAttrOfType<ArrayAttr>(kOutputTypesAttr) : ArrayAttr();
  if (!objects || !types)
    return fail();
  CompiledModel model;
  if (llvm::Error error = readPlan(*module, model))
    return std::move(error);
  if (model.weights && !(model.weights = replaceByValues(model.weights, bytes, source)))
    return fail();
  model.file = buffer;
  for (Type type : types.getAsValueRange<TypeAttr>())
    model.outputTypes.push_back(cast<RankedTensorType>(type));
  for (auto object : objects.getAsRange<DenseResourceElementsAttr>()) {
    ArrayRef<char> bytes = object.getRawHandle().getBlob()->getData();
    model.objects.push_back(llvm::MemoryBuffer::getMemBuffer({bytes.data(), bytes.size()}, "object", /*RequiresNullTerminator=*/false));
  }
  return model;
}
