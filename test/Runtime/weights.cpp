// weights.cpp - the weights of a model on their way into the engine's buffer.
// SPDX-License-Identifier: Apache-2.0

#include "Weights.h"
#include "bn/IR/Kernel/PackedElements.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;

namespace {
AsmResourceBlob blobOf(ArrayRef<float> values) {
  return HeapAsmResourceBlob::allocateAndCopyInferAlign(values, /*dataIsMutable=*/true);
}

size_t sizeOf(ElementsAttr value) { return cast<DenseResourceElementsAttr>(value).getRawHandle().getBlob()->getData().size(); }
} // namespace

// What the compiler packed goes, and only where that is asked for; what the model brought stays.
TEST(Weights, packed_ones_are_freed) {
  MLIRContext context;
  Builder builder(&context);
  auto type = RankedTensorType::get({3}, builder.getF32Type());
  ElementsAttr packed = bn::kernel::makePackedElements(type, blobOf({1, 2, 3}));
  ElementsAttr own = DenseResourceElementsAttr::get(type, "weight", blobOf({4, 5, 6}));
  auto entryOf = [&](ElementsAttr value, int64_t offset) -> Attribute {
    NamedAttribute entry[] = {builder.getNamedAttr("offset", builder.getI64IntegerAttr(offset)), builder.getNamedAttr("value", value)};
    return builder.getDictionaryAttr(entry);
  };
  ArrayAttr table = builder.getArrayAttr({entryOf(own, 0), entryOf(packed, 12)});
  for (bool frees : {false, true}) {
    std::vector<float> buffer(6);
    ASSERT_FALSE(static_cast<bool>(bn::fillWeights(table, reinterpret_cast<char *>(buffer.data()), frees)));
    EXPECT_EQ(buffer, (std::vector<float>{4, 5, 6, 1, 2, 3}));
    EXPECT_EQ(sizeOf(packed), frees ? 0u : 12u);
    EXPECT_EQ(sizeOf(own), 12u);
  }
}
