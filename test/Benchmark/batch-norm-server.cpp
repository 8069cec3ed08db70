// batch-norm-server.cpp - times compiled BatchNormalizations and plain copies, one request a line: the native side of batch_norm.py.
// SPDX-License-Identifier: Apache-2.0
//
//   usage     batch-norm-server THREADS
//   requests  KIND SHAPE AXIS ROUNDS      KIND: infer infer_relu infer_residual train train_relu backward, and variants of a step:
//                                         train_ghosts train_renorm train_masked train_axes; SHAPE: 32x256x56x56
//             copy ELEMENTS ROUNDS        f32, ordinary and non-temporal stores
//   answers   times in milliseconds, one a round; of copies the better of both kinds of stores

#include "WorkerPool.h"
#include "bn/Codegen/Passes.h"
#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Pipelines.h"
#include "bn/Runtime/Engine.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>

using namespace mlir;

namespace {

double now() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Memory of the caller, filled with numbers that differ.
float *allocate(size_t elements) {
  constexpr size_t alignment = 4096;
  auto *data = static_cast<float *>(std::aligned_alloc(alignment, (elements * sizeof(float) + alignment) / alignment * alignment));
  for (size_t i = 0; i < elements; ++i)
    data[i] = 0.5f + static_cast<float>(i * 2654435761u % 1024) / 1024;
  return data;
}

/// A function, compiled, with its buffers.
struct Kernel {
  std::unique_ptr<bn::Engine> engine;
  std::vector<const void *> inputs;
  std::vector<void *> outputs;

  ~Kernel() {
    for (const void *input : inputs)
      std::free(const_cast<void *>(input));
    for (void *output : outputs)
      std::free(output);
  }
};

std::string join(llvm::ArrayRef<int64_t> sizes) {
  std::string text;
  for (int64_t size : sizes)
    text += std::to_string(size) + "x";
  return text;
}

/// A training step with ghosts, renormalization, a mask or two kept axes.
std::string variantText(const std::string &kind, llvm::ArrayRef<int64_t> sizes, int64_t axis) {
  bool ghosts = kind == "train_ghosts", renorm = kind == "train_renorm", masked = kind == "train_masked";
  int64_t first = axis == 1 ? 1 : axis - 1; // of two kept axes
  llvm::SmallVector<int64_t> parameter = {sizes[axis]}, mask(sizes);
  std::string axes = std::to_string(axis);
  if (kind == "train_axes")
    parameter = {sizes[first], sizes[first + 1]}, axes = std::to_string(first) + ", " + std::to_string(first + 1);
  mask[axis] = 1;
  std::string x = "tensor<" + join(sizes) + "f32>", p = "tensor<" + join(parameter) + "f32>", w = "tensor<" + join(mask) + "f32>";
  std::string s = ghosts ? "tensor<2x" + join(parameter) + "f32>" : p, state = ", " + p + ", " + p;
  std::string renormState = renorm ? ", " + p + ", " + p + ", " + p : "";
  std::string results = x + ", " + s + ", " + s + state + renormState, names = "%y#0, %y#1, %y#2, %y#3, %y#4";
  return "func.func @main(%x: " + x + ", %g: " + p + ", %b: " + p + ", %m: " + p + ", %v: " + p + ", %w: " + w + ") -> (" + results +
         ") {\n%y:" + (renorm ? "8" : "5") + " = bn.training %x scale %g offset %b running(%m, %v)" +
         (renorm ? " renorm(%m, %v, %v)" : "") + (masked ? " mask %w" : "") + " axes [" + axes + "] epsilon 1.0e-5 momentum 0.9" +
         (ghosts ? " {ghosts = 2 : i64}" : "") + " : (" + x + state + state + renormState + (masked ? ", " + w : "") + ") -> (" + results +
         ")\nreturn " + names + (renorm ? ", %y#5, %y#6, %y#7" : "") + " : " + results + "\n}";
}

std::string functionText(const std::string &kind, const std::string &shape, int64_t channels, const std::string &axis) {
  std::string x = "tensor<" + shape + "xf32>", p = "tensor<" + std::to_string(channels) + "xf32>";
  auto relu = [&](const std::string &value) { return "%r = onnx.relu " + value + " {version = 14 : i64} : (" + x + ") -> " + x + "\n"; };
  std::string tail = " axes [" + axis + "]", parameters = ", " + p + ", " + p + ", " + p + ", " + p;
  if (kind == "backward")
    return "func.func @main(%dy: " + x + ", %x: " + x + ", %g: " + p + ", %m: " + p + ", %s: " + p + ") -> (" + x + ", " + p + ", " + p +
           ") {\n%r:3 = bn.training_grad %dy, %x scale %g mean %m inv_stddev %s" + tail + " : (" + x + ", " + x + ", " + p + ", " + p +
           ", " + p + ") -> (" + x + ", " + p + ", " + p + ")\nreturn %r#0, %r#1, %r#2 : " + x + ", " + p + ", " + p + "\n}";
  if (kind.rfind("train", 0) == 0) {
    std::string results = x + parameters, arguments = "%x: " + x + ", %g: " + p + ", %b: " + p + ", %m: " + p + ", %v: " + p;
    std::string body = "%y:5 = bn.training %x scale %g offset %b running(%m, %v)" + tail + " epsilon 1.0e-5 momentum 0.9 : (" + x +
                       parameters + ") -> (" + results + ")\n";
    bool hasRelu = kind == "train_relu";
    return "func.func @main(" + arguments + ") -> (" + results + ") {\n" + body + (hasRelu ? relu("%y#0") : "") + "return " +
           (hasRelu ? "%r" : "%y#0") + ", %y#1, %y#2, %y#3, %y#4 : " + results + "\n}";
  }
  bool residual = kind == "infer_residual", hasRelu = kind != "infer";
  std::string arguments = "%x: " + x + ", %g: " + p + ", %b: " + p + ", %m: " + p + ", %v: " + p + (residual ? ", %s: " + x : "");
  std::string body =
      "%y = bn.inference %x scale %g offset %b mean %m variance %v" + tail + " epsilon 1.0e-5 : (" + x + parameters + ") -> " + x + "\n";
  if (residual)
    body += "%a = onnx.add %y, %s {version = 14 : i64} : (" + x + ", " + x + ") -> " + x + "\n";
  if (hasRelu)
    body += relu(residual ? "%a" : "%y");
  return "func.func @main(" + arguments + ") -> " + x + " {\n" + body + "return " + (hasRelu ? "%r" : "%y") + " : " + x + "\n}";
}

std::unique_ptr<Kernel> compile(const std::string &text, unsigned threads) {
  DialectRegistry registry;
  registry.insert<bn::BNDialect, bn::onnx::OnnxDialect>();
  bn::registerCodegenDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return nullptr;
  auto function = *module->getOps<func::FuncOp>().begin();
  auto kernel = std::make_unique<Kernel>();
  for (Type type : function.getArgumentTypes())
    kernel->inputs.push_back(allocate(cast<RankedTensorType>(type).getNumElements()));
  for (Type type : function.getResultTypes())
    kernel->outputs.push_back(allocate(cast<RankedTensorType>(type).getNumElements()));
  PassManager passes(&context);
  bn::buildLowerPipeline(passes);
  bn::buildCodegenPipeline(passes);
  if (failed(passes.run(*module)))
    return nullptr;
  kernel->engine = llvm::cantFail(bn::Engine::create(*module, {threads}));
  return kernel;
}

/// One copy, shared by the pool in pieces.
struct Copy {
  static constexpr int64_t pieces = 32;
  const float *from;
  float *to;
  int64_t elements;
  bool streamed;

  static void run(void *context, int64_t piece) {
    typedef float Vector __attribute__((vector_size(64)));
    const Copy &copy = *static_cast<const Copy *>(context);
    int64_t each = copy.elements / pieces / 16 * 16, begin = piece * each,
            end = piece + 1 == pieces ? copy.elements / 16 * 16 : begin + each;
    if (!copy.streamed) {
      std::memcpy(copy.to + begin, copy.from + begin, (end - begin) * sizeof(float));
      return;
    }
    for (int64_t i = begin; i < end; i += 16)
      __builtin_nontemporal_store(*reinterpret_cast<const Vector *>(copy.from + i), reinterpret_cast<Vector *>(copy.to + i));
  }
};

void printTimes(const std::vector<double> &times) {
  for (double time : times)
    std::printf("%.4f ", time);
  std::printf("\n");
  std::fflush(stdout);
}

} // namespace

int main(int argc, char **argv) {
  unsigned threads = argc > 1 ? std::atoi(argv[1]) : 1;
  bn::WorkerPool pool(threads);
  std::map<std::string, std::unique_ptr<Kernel>> kernels;
  std::map<int64_t, std::pair<float *, float *>> copies;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string kind, shape, axis;
    int rounds = 1;
    words >> kind;
    std::vector<double> times;
    if (kind == "forget") { // what was compiled and allocated so far
      kernels.clear();
      for (auto &[elements, buffers] : copies)
        std::free(buffers.first), std::free(buffers.second);
      copies.clear();
    } else if (kind == "copy") {
      int64_t elements;
      words >> elements >> rounds;
      auto &[from, to] = copies[elements];
      if (!from)
        from = allocate(elements), to = allocate(elements);
      for (int round = 0; round < rounds; ++round) {
        double best = 1e30;
        for (bool streamed : {false, true}) {
          Copy copy{from, to, elements, streamed};
          double start = now();
          pool.parallelFor(Copy::run, &copy, Copy::pieces);
          best = std::min(best, now() - start);
        }
        times.push_back(best);
      }
    } else {
      words >> shape >> axis >> rounds;
      std::unique_ptr<Kernel> &kernel = kernels[kind + shape + axis];
      if (!kernel) {
        llvm::SmallVector<llvm::StringRef> sizes;
        llvm::StringRef(shape).split(sizes, 'x');
        llvm::SmallVector<int64_t> numbers;
        for (llvm::StringRef size : sizes)
          numbers.push_back(std::stoll(size.str()));
        bool variant = kind.rfind("train_", 0) == 0 && kind != "train_relu";
        kernel = compile(variant ? variantText(kind, numbers, std::stoi(axis)) : functionText(kind, shape, numbers[std::stoi(axis)], axis),
                         threads);
        if (!kernel)
          return 1;
        llvm::cantFail(kernel->engine->run(kernel->inputs, kernel->outputs));
      }
      for (int round = 0; round < rounds; ++round) {
        double start = now();
        llvm::cantFail(kernel->engine->run(kernel->inputs, kernel->outputs));
        times.push_back(now() - start);
      }
    }
    printTimes(times);
  }
}
