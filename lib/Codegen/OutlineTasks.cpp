// OutlineTasks.cpp - turns parallel loops into tasks that the worker pool runs in chunks.
// SPDX-License-Identifier: Apache-2.0
//
//   before   scf.forall (%i, %j) in (4, 6) { body(%x) }
//   after    kernel.launch @task_0 chunks 8 on %pool (%x)
//            func @task_0(%chunk, %x) { for %l = 24·%chunk/8 to 24·(%chunk + 1)/8 { body with %i, %j from %l } }
//
// Two tasks with the same text are one function: networks repeat their layers, and each is compiled once.

#include "ByteViews.h"
#include "Flops.h"
#include "ParallelLoop.h"
#include "bn/Codegen/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

namespace bn {
#define GEN_PASS_DEF_OUTLINETASKSPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

/// Vector operations that are worth a chunk of their own: about a microsecond, several times what handing it over takes.
static constexpr int64_t kChunkWork = 4096;
/// More chunks than this balance nothing better.
static constexpr int64_t kMaxChunks = 32;

static int64_t iterationsOf(scf::ForallOp loop) {
  int64_t iterations = 1;
  for (int64_t bound : loop.getStaticUpperBound())
    iterations *= bound;
  return iterations;
}

static int64_t chunksOf(scf::ForallOp loop) {
  auto work = loop->getAttrOfType<IntegerAttr>(bn::kWorkAttr);
  int64_t wanted = work ? work.getInt() / kChunkWork : kMaxChunks;
  return std::clamp<int64_t>(wanted, 1, std::min(kMaxChunks, iterationsOf(loop)));
}

/// The first iteration of a chunk: iterations·chunk/chunks.
static Value firstIteration(OpBuilder &builder, Location loc, Value chunk, int64_t iterations, int64_t chunks) {
  Value product = arith::MulIOp::create(builder, loc, chunk, arith::ConstantIndexOp::create(builder, loc, iterations));
  return arith::DivUIOp::create(builder, loc, product, arith::ConstantIndexOp::create(builder, loc, chunks));
}

/// What the loop reads from outside, constants apart.
static SmallVector<Value> capturesOf(scf::ForallOp loop) {
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  return llvm::filter_to_vector(used, [](Value v) { return !matchPattern(v, m_Constant()); });
}

/// Builds the function that runs one chunk of the loop.
static func::FuncOp buildTask(scf::ForallOp loop, ArrayRef<Value> captures, int64_t chunks) {
  Location loc = loop.getLoc();
  OpBuilder builder(loop.getContext());
  SmallVector<Type> types{builder.getIndexType()};
  llvm::append_range(types, ValueRange(captures).getTypes());
  auto task = func::FuncOp::create(loc, "task", builder.getFunctionType(types, {}));
  task.setPrivate();
  Block *entry = task.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  IRMapping mapping;
  mapping.map(captures, entry->getArguments().drop_front());
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  for (Value value : used)
    if (!mapping.contains(value))
      builder.clone(*value.getDefiningOp(), mapping);
  Value chunk = entry->getArgument(0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  int64_t iterations = iterationsOf(loop);
  Value begin = firstIteration(builder, loc, chunk, iterations, chunks);
  Value end = firstIteration(builder, loc, arith::AddIOp::create(builder, loc, chunk, one), iterations, chunks);
  scf::ForOp::create(builder, loc, begin, end, one, {}, [&](OpBuilder &b, Location l, Value linear, ValueRange) {
    mapping.map(loop.getInductionVars(), bn::delinearize(b, l, linear, loop.getStaticUpperBound()));
    for (Operation &op : loop.getBody()->without_terminator())
      b.clone(op, mapping);
    scf::YieldOp::create(b, l);
  });
  func::ReturnOp::create(builder, loc);
  // One place on the stack serves all iterations.
  SmallVector<memref::AllocaOp> arrays;
  task.walk([&](memref::AllocaOp array) { arrays.push_back(array); });
  for (memref::AllocaOp array : arrays)
    array->moveBefore(entry, entry->begin());
  return task;
}

namespace {
struct OutlineTasksPass : bn::impl::OutlineTasksPassBase<OutlineTasksPass> {
  void runOnOperation() override {
    func::FuncOp func = bn::modelFunction(getOperation());
    Value pool = bn::appendArgument(func, LLVM::LLVMPointerType::get(&getContext()));
    SymbolTable symbols(getOperation());
    llvm::StringMap<func::FuncOp> known;
    SmallVector<scf::ForallOp> loops;
    func.walk<WalkOrder::PreOrder>([&](scf::ForallOp loop) {
      loops.push_back(loop);
      return WalkResult::skip();
    });
    for (scf::ForallOp loop : loops) {
      SmallVector<Value> captures = capturesOf(loop);
      int64_t chunks = chunksOf(loop), flops = bn::countFlops(loop);
      func::FuncOp task = buildTask(loop, captures, chunks);
      std::string text;
      llvm::raw_string_ostream(text) << task;
      auto [entry, isNew] = known.try_emplace(text, task);
      if (isNew) {
        task.setName("task_" + std::to_string(known.size() - 1));
        symbols.insert(task);
      } else {
        task.erase();
      }
      OpBuilder builder(loop);
      bn::kernel::LaunchOp::create(builder, loop.getLoc(), SymbolRefAttr::get(entry->second), builder.getI64IntegerAttr(chunks), pool,
                                   captures, builder.getI64IntegerAttr(flops), builder.getI64IntegerAttr(bn::countBytes(captures)));
      loop.erase();
    }
  }
};
} // namespace
