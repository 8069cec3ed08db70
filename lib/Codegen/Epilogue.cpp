// Epilogue.cpp - what happens to an accumulator before it is stored: the region of a kernel op, on vectors.
// SPDX-License-Identifier: Apache-2.0

#include "Epilogue.h"
#include "VectorBody.h"

using namespace mlir;
using namespace bn;

FailureOr<Epilogue> Epilogue::get(OpBuilder &builder, Location loc, Region &region, ValueRange extras, Value init) {
  Epilogue epilogue;
  epilogue.region = &region;
  epilogue.shape = llvm::to_vector(cast<MemRefType>(init.getType()).getShape());
  FailureOr<LinearView> out = LinearView::get(builder, loc, init);
  if (failed(out))
    return failure();
  epilogue.init = *out;
  for (Value extra : extras) {
    FailureOr<LinearView> view = LinearView::get(builder, loc, extra);
    if (failed(view))
      return failure();
    for (auto [size, stride] : llvm::zip_equal(cast<MemRefType>(extra.getType()).getShape(), view->strides))
      if (size == 1)
        stride = 0;
    epilogue.extras.push_back(*view);
  }
  return epilogue;
}

static Value addressOf(OpBuilder &builder, Location loc, const LinearView &view, const OutputPosition &position) {
  LinearIndex index(view.offset);
  for (auto [value, shift, stride] : llvm::zip_equal(position.indices, position.shifts, view.strides)) {
    index.add(shift * stride);
    if (value)
      index.add(value, stride);
  }
  return index.emit(builder, loc);
}

void Epilogue::store(OpBuilder &builder, Location loc, Value accumulator, const OutputPosition &position) const {
  auto type = dyn_cast<VectorType>(accumulator.getType());
  int64_t lanes = type ? type.getNumElements() : 1;
  if (!region->empty()) {
    SmallVector<Value> arguments{accumulator};
    for (const LinearView &extra : extras)
      arguments.push_back(loadLanes(builder, loc, extra.row, addressOf(builder, loc, extra, position),
                                    extra.strides.back() == 0 ? 1 : lanes));
    accumulator = emitBody(builder, region->front(), arguments, lanes)[0];
  }
  storeLanes(builder, loc, accumulator, init.row, addressOf(builder, loc, init, position));
}

bool Epilogue::canMerge(unsigned outer, unsigned inner) const {
  auto merges = [&](const LinearView &view) { return view.strides[outer] == view.strides[inner] * shape[inner]; };
  return merges(init) && llvm::all_of(extras, merges);
}
