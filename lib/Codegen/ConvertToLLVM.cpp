// ConvertToLLVM.cpp - converts loop form to llvm form with the entry that the runtime calls.
// SPDX-License-Identifier: Apache-2.0
//
// A memref is passed as its pointer. A launch stores its arguments in a context on the stack and hands it, with the task's
// entry, to bn_parallel_for; the entry loads the arguments and calls the task. The functions are converted at once, where the context
// has threads.

#include "ByteViews.h"
#include "bn/Codegen/Passes.h"
#include "bn/IR/Kernel/LaunchTable.h"
#include "bn/IR/Kernel/ModuleAttributes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Threading.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

namespace bn {
#define GEN_PASS_DEF_CONVERTTOLLVMPASS
#include "bn/Codegen/Passes.h.inc"
} // namespace bn

using namespace mlir;

/// The address of slot `i` of an array of 8-byte values.
static Value slot(OpBuilder &builder, Location loc, Value array, int64_t i) {
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI64Type(), array, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
}

/// A function that loads the arguments of `callee` from an array and calls it. With `withChunk`, the first argument is its own second.
static void createEntry(OpBuilder &builder, Location loc, StringRef name, StringRef callee, TypeRange arguments, bool withChunk) {
  MLIRContext *context = builder.getContext();
  auto pointer = LLVM::LLVMPointerType::get(context);
  SmallVector<Type> types{pointer};
  if (withChunk)
    types.push_back(builder.getI64Type());
  auto entry = LLVM::LLVMFuncOp::create(builder, loc, name, LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), types));
  OpBuilder body = OpBuilder::atBlockBegin(entry.addEntryBlock(builder));
  SmallVector<Value> values;
  if (withChunk)
    values.push_back(entry.getArgument(1));
  for (auto [i, type] : llvm::enumerate(arguments))
    values.push_back(LLVM::LoadOp::create(body, loc, type, slot(body, loc, entry.getArgument(0), i)));
  LLVM::CallOp::create(body, loc, TypeRange(), callee, values);
  LLVM::ReturnOp::create(body, loc, ValueRange());
}

/// The names of the nodes that a location stands for.
static std::string getNodes(Location loc) {
  llvm::SetVector<StringRef> names;
  loc->walk([&](Location part) {
    if (auto name = dyn_cast<NameLoc>(part))
      names.insert(name.getName());
    return WalkResult::advance();
  });
  return llvm::join(names, " + ");
}

/// The name of the entry of a task.
static std::string getEntryName(StringRef task) { return (task + ".entry").str(); }

using LaunchNumbers = llvm::DenseMap<Operation *, int64_t>;

/// Numbers the launches, writes the table of them, and collects the tasks that they run.
static LaunchNumbers numberLaunches(ModuleOp module, llvm::SetVector<StringRef> &tasks) {
  LaunchNumbers numbers;
  std::vector<bn::kernel::LaunchInfo> launches;
  module.walk([&](bn::kernel::LaunchOp launch) {
    numbers[launch] = launches.size();
    tasks.insert(launch.getTaskAttr().getAttr().getValue());
    launches.push_back({getNodes(launch.getLoc()), static_cast<int64_t>(launch.getFlops()), static_cast<int64_t>(launch.getBytes())});
  });
  bn::kernel::setLaunches(module, launches);
  return numbers;
}

/// An array of 8-byte values on the stack. It is made where the function begins: a launch in a loop would make one in each iteration.
static Value reserve(OpBuilder &builder, Operation *user, int64_t count) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&user->getParentRegion()->front());
  Value size = LLVM::ConstantOp::create(builder, user->getLoc(), builder.getI64IntegerAttr(std::max<int64_t>(count, 1)));
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  return LLVM::AllocaOp::create(builder, user->getLoc(), pointer, builder.getI64Type(), size, /*alignment=*/8);
}

/// Converts each function in a module of its own, for a conversion changes what is around the function as well.
static LogicalResult convertFunctions(ModuleOp module, const ConversionTarget &target, const FrozenRewritePatternSet &patterns) {
  std::vector<OwningOpRef<ModuleOp>> modules;
  for (func::FuncOp function : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    modules.emplace_back(ModuleOp::create(function.getLoc()));
    function->moveBefore(modules.back()->getBody(), modules.back()->getBody()->end());
  }
  auto convert = [&](OwningOpRef<ModuleOp> &part) { return applyFullConversion(*part, target, patterns); };
  LogicalResult result = failableParallelForEach(module.getContext(), modules, convert);
  auto &body = module.getBody()->getOperations();
  for (OwningOpRef<ModuleOp> &part : modules)
    body.splice(body.end(), part->getBody()->getOperations());
  return result;
}

namespace {
/// kernel.row  =>  a descriptor of the address
struct LowerRow : ConvertOpToLLVMPattern<bn::kernel::RowOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(bn::kernel::RowOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    auto source = cast<MemRefType>(op.getSource().getType()), row = cast<MemRefType>(op.getResult().getType());
    Value first = MemRefDescriptor(adaptor.getSource()).bufferPtr(rewriter, op.getLoc(), *getTypeConverter(), source);
    rewriter.replaceOp(op, {MemRefDescriptor::fromStaticShape(rewriter, op.getLoc(), *getTypeConverter(), row, first)});
    return success();
  }
};

/// kernel.launch  =>  a context, and a call of bn_parallel_for
struct LowerLaunch : ConvertOpToLLVMPattern<bn::kernel::LaunchOp> {
  LowerLaunch(const LLVMTypeConverter &types, const LaunchNumbers &numbers) : ConvertOpToLLVMPattern(types), numbers(numbers) {}
  const LaunchNumbers &numbers;

  LogicalResult matchAndRewrite(bn::kernel::LaunchOp launch, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = launch.getLoc();
    MLIRContext *context = rewriter.getContext();
    auto pointer = LLVM::LLVMPointerType::get(context);
    SmallVector<Value> values;
    for (auto [original, converted] : llvm::zip_equal(launch.getArgs(), adaptor.getArgs())) {
      auto memref = dyn_cast<MemRefType>(original.getType());
      if (memref && !LLVMTypeConverter::canConvertToBarePtr(memref))
        return rewriter.notifyMatchFailure(launch, "an argument is a memref of dynamic layout");
      values.push_back(memref ? MemRefDescriptor(converted).alignedPtr(rewriter, loc) : converted);
    }
    Value frame = reserve(rewriter, launch, values.size());
    for (auto [i, value] : llvm::enumerate(values))
      LLVM::StoreOp::create(rewriter, loc, value, slot(rewriter, loc, frame, i));
    Value task = LLVM::AddressOfOp::create(rewriter, loc, pointer, getEntryName(launch.getTask()));
    Value chunks = LLVM::ConstantOp::create(rewriter, loc, launch.getChunksAttr());
    Value number = LLVM::ConstantOp::create(rewriter, loc, rewriter.getI64IntegerAttr(numbers.lookup(launch)));
    rewriter.replaceOpWithNewOp<LLVM::CallOp>(launch, TypeRange(), bn::kernel::kParallelForName,
                                              ValueRange{adaptor.getPool(), task, frame, chunks, number});
    return success();
  }
};

struct ConvertToLLVMPass : bn::impl::ConvertToLLVMPassBase<ConvertToLLVMPass> {
  void getDependentDialects(DialectRegistry &registry) const override { registry.insert<LLVM::LLVMDialect>(); }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    MLIRContext *context = &getContext();
    std::string model = bn::modelFunction(module).getName().str();
    LowerToLLVMOptions options(context);
    options.useBarePtrCallConv = true;
    LLVMTypeConverter types(context, options);
    RewritePatternSet patterns(context);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
    populateFuncToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns);
    ub::populateUBToLLVMConversionPatterns(types, patterns);
    populateVectorToLLVMConversionPatterns(types, patterns, /*reassociateFPReductions=*/true);
    llvm::SetVector<StringRef> tasks;
    LaunchNumbers numbers = numberLaunches(module, tasks);
    patterns.add<LowerLaunch>(types, numbers);
    patterns.add<LowerRow>(types);
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    auto pointer = LLVM::LLVMPointerType::get(context);
    auto voidType = LLVM::LLVMVoidType::get(context);
    Type number = builder.getI64Type();
    LLVM::LLVMFuncOp::create(builder, module.getLoc(), bn::kernel::kParallelForName,
                             LLVM::LLVMFunctionType::get(voidType, {pointer, pointer, pointer, number, number}));
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    if (failed(convertFunctions(module, target, std::move(patterns))))
      return signalPassFailure();
    SymbolTable symbols(module);
    builder.setInsertionPointToEnd(module.getBody());
    for (StringRef name : tasks) {
      auto task = symbols.lookup<LLVM::LLVMFuncOp>(name);
      createEntry(builder, task.getLoc(), getEntryName(name), name, task.getArgumentTypes().drop_front(), /*withChunk=*/true);
    }
    auto main = symbols.lookup<LLVM::LLVMFuncOp>(model);
    createEntry(builder, main.getLoc(), bn::kernel::kEntryName, model, main.getArgumentTypes(), /*withChunk=*/false);
  }
};
} // namespace
