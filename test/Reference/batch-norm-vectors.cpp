// batch-norm-vectors.cpp - the ops that bn.training decomposes into, and the gradients, against Inputs/bn_vectors.json.
// SPDX-License-Identifier: Apache-2.0
//
// The vectors were computed in double by plain numpy and compared with PyTorch's. A case runs a few ops on entries of one
// vector and expects others. An entry that a vector does not have is that of the first one, on which several build.

#include "InterpreterTest.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace bn::reference;

namespace {

struct Case {
  const char *vector;
  const char *inputs;   ///< names of entries, with a shape (name:2x3) where it is not the entry's own
  const char *body;     ///< $n stands for n types
  const char *expected; ///< names of entries, one a result
};

class VectorTest : public InterpreterTest, public testing::WithParamInterface<Case> {
protected:
  VectorTest() {
    auto file = llvm::MemoryBuffer::getFile(BN_TEST_INPUTS "/bn_vectors.json");
    vectors = llvm::cantFail(llvm::json::parse((*file)->getBuffer()));
  }

  Tensor entry(StringRef vector, StringRef spec) {
    auto [name, shape] = spec.split(':');
    const llvm::json::Object *all = vectors.getAsObject();
    const llvm::json::Value *value = all->getObject(vector)->get(name);
    if (const llvm::json::Object *clip = value ? nullptr : all->getObject(vector)->getObject("clip"))
      value = clip->get(name);
    if (!value)
      value = all->getObject("V1_dense_train")->get(name);
    Tensor tensor{Float64Type::get(&context), {}, std::vector<double>()};
    append(*value, tensor, 0);
    if (!shape.empty()) {
      tensor.shape.clear();
      for (StringRef size : llvm::split(shape, 'x'))
        tensor.shape.push_back(std::stol(size.str()));
    }
    return tensor;
  }

private:
  static void append(const llvm::json::Value &value, Tensor &tensor, size_t depth) {
    const llvm::json::Array *array = value.getAsArray();
    if (!array)
      return tensor.mutableReals().push_back(*value.getAsNumber());
    if (tensor.shape.size() == depth)
      tensor.shape.push_back(array->size());
    for (const llvm::json::Value &element : *array)
      append(element, tensor, depth + 1);
  }

  llvm::json::Value vectors = nullptr;
};

} // namespace

TEST_P(VectorTest, holds) {
  const Case &test = GetParam();
  std::vector<Tensor> inputs;
  std::string arguments, body;
  for (StringRef spec : llvm::split(test.inputs, ' ')) {
    inputs.push_back(entry(test.vector, spec));
    arguments += (arguments.empty() ? "%" : ", %") + spec.split(':').first.str() + ": tensor<*xf64>";
  }
  for (const char *c = test.body; *c; ++c) {
    if (*c != '$') {
      body += *c;
      continue;
    }
    for (int count = *++c - '0'; count > 0; --count)
      body += count > 1 ? "tensor<*xf64>, " : "tensor<*xf64>";
  }
  SmallVector<StringRef> expected = llvm::to_vector(llvm::split(test.expected, ' '));
  std::string types = "tensor<*xf64>";
  for (size_t i = 1; i < expected.size(); ++i)
    types += ", tensor<*xf64>";
  auto results = run("func.func @f(" + arguments + ") -> (" + types + ") {\n" + body + " : " + types + "\n}", inputs);
  ASSERT_EQ(results.size(), expected.size()) << message;
  for (auto [result, name] : llvm::zip_equal(results, expected)) {
    SCOPED_TRACE(name.str());
    expectReals(result, entry(test.vector, name).reals());
  }
}

static const Case cases[] = {
    {"V1_dense_train", "x gamma beta",
     R"(%m, %v, %n = bn.moments %x axes [1] : ($1) -> ($3)
        %s = bn.inv_stddev %v epsilon 0.001 : $1
        %y = bn.normalize %x mean %m inv_stddev %s scale %gamma offset %beta axes [1] : ($5) -> $1
        return %y, %m, %v, %s)",
     "y mean var rstd"},
    {"V1_dense_train", "dy x gamma mean rstd",
     R"(%r:3 = bn.training_grad %dy, %x scale %gamma mean %mean inv_stddev %rstd axes [1] : ($5) -> ($3)
        return %r#0, %r#1, %r#2)",
     "dx dgamma dbeta"},
    {"V5_nchw_train", "dy x gamma mean var",
     R"(%s = bn.inv_stddev %var epsilon 0.00001 : $1
        %r:3 = bn.training_grad %dy, %x scale %gamma mean %mean inv_stddev %s axes [1] : ($5) -> ($3)
        return %r#0, %r#1, %r#2)",
     "dx dgamma dbeta"},
    {"V5_nchw_train", "x onnx_input_mean onnx_input_var",
     R"(%m, %v, %n = bn.moments %x axes [1] : ($1) -> ($3)
        %mean = bn.update_average %onnx_input_mean, %m momentum 0.9 : ($2) -> $1
        %variance = bn.update_average %onnx_input_var, %v momentum 0.9 : ($2) -> $1
        %torch = bn.update_average %onnx_input_var, %v count %n bessel momentum 0.9 : ($3) -> $1
        return %mean, %variance, %torch)",
     "onnx15_running_mean_m0_9 onnx15_running_var_m0_9 torch_running_var_mom0_1"},
    {"V6_inference_frozen", "dy x gamma run_mean run_var",
     R"(%r:5 = bn.inference_grad %dy, %x scale %gamma mean %run_mean variance %run_var axes [1] epsilon 0.001 : ($5) -> ($5)
        return %r#0, %r#1, %r#2, %r#3, %r#4)",
     "dx dgamma dbeta dmean_if_requested dvar_if_requested"},
    {"V7a_renorm_noclip", "mean var in_renorm_mean in_renorm_stddev",
     R"(%r, %d, %s = bn.renorm_correction %mean, %var, %in_renorm_mean, %in_renorm_stddev epsilon 0.001 : ($4) -> ($3)
        return %r, %d, %s)",
     "r d stddev"},
    {"V7b_renorm_clip", "mean var in_renorm_mean in_renorm_stddev rmin rmax dmax",
     R"(%r, %d, %s = bn.renorm_correction %mean, %var, %in_renorm_mean, %in_renorm_stddev rmin %rmin rmax %rmax dmax %dmax
          epsilon 0.001 : ($7) -> ($3)
        return %r, %d, %s)",
     "r d stddev"},
    {"V7b_renorm_clip", "dy x gamma mean rstd r d",
     R"(%r3:3 = bn.training_grad %dy, %x scale %gamma mean %mean inv_stddev %rstd correction(%r, %d) axes [1] : ($7) -> ($3)
        return %r3#0, %r3#1, %r3#2)",
     "dx dgamma dbeta"},
    {"V7b_renorm_clip", "in_moving_stddev stddev",
     R"(%s = bn.update_average %in_moving_stddev, %stddev momentum 0.9 : ($2) -> $1
        %v = bn.restore_variance %s epsilon 0.001 : $1
        return %s, %v)",
     "new_moving_stddev new_moving_variance"},
    {"V8a_ghost_keras_interleaved", "x",
     R"(%m, %v, %n = bn.moments %x axes [1] {ghosts = 2 : i64} : ($1) -> ($3)
        %mean = bn.pool_ghosts %m : $1 -> $1
        %variance = bn.pool_ghosts %v : $1 -> $1
        return %m, %v, %mean, %variance)",
     "group_mean group_var mean_for_update var_for_update"},
    {"V8a_ghost_keras_interleaved", "dy x gamma group_mean group_var",
     R"(%s = bn.inv_stddev %group_var epsilon 0.001 : $1
        %r:3 = bn.training_grad %dy, %x scale %gamma mean %group_mean inv_stddev %s axes [1] {ghosts = 2 : i64} : ($5) -> ($3)
        return %r#0, %r#1, %r#2)",
     "dx dgamma dbeta"},
    {"V8b_ghost_contiguous", "dy x gamma group_mean group_var",
     R"(%s = bn.inv_stddev %group_var epsilon 0.001 : $1
        %r:3 = bn.training_grad %dy, %x scale %gamma mean %group_mean inv_stddev %s axes [1]
          {ghosts = 2 : i64, grouping = #bn.grouping<contiguous>} : ($5) -> ($3)
        return %r#0, %r#1, %r#2)",
     "dx dgamma dbeta"},
    {"V9_multi_axis_1_2", "dy x gamma:2x2 mean:2x2 var:2x2",
     R"(%s = bn.inv_stddev %var epsilon 0.001 : $1
        %r:3 = bn.training_grad %dy, %x scale %gamma mean %mean inv_stddev %s axes [1, 2] : ($5) -> ($3)
        return %r#0, %r#1, %r#2)",
     "dx dgamma dbeta"},
    {"V10a_adjustment", "dy x gamma mean rstd adj_scale adj_bias",
     R"(%r:5 = bn.training_grad %dy, %x scale %gamma mean %mean inv_stddev %rstd adjustment(%adj_scale, %adj_bias) axes [1] : ($7) -> ($5)
        return %r#0, %r#1, %r#2)",
     "dx dgamma dbeta"},
    {"V11_mask", "x mask:2x4x1",
     R"(%m, %v, %n = bn.moments %x mask %mask axes [2] : ($2) -> ($3)
        return %m, %v)",
     "mean_keras2 var_keras2"},
    {"V11_mask", "x mask:2x4x1",
     R"(%m, %v, %n = bn.moments %x mask %mask axes [2] {mask_epsilon = 1.0e-7 : f64} : ($2) -> ($3)
        return %m, %v)",
     "mean_keras3 var_keras3"},
    {"V11_mask", "dy x mean_keras2 var_keras2 mask:2x4x1",
     R"(%s = bn.inv_stddev %var_keras2 epsilon 0.001 : $1
        %r:3 = bn.training_grad %dy, %x mean %mean_keras2 inv_stddev %s mask %mask axes [2] : ($5) -> ($3)
        return %r#0)",
     "dx_keras2"},
    {"V16_chan_merge", "A:3x1 B:2x1",
     R"(%ma, %va, %na = bn.moments %A axes [1] : ($1) -> ($3)
        %mb, %vb, %nb = bn.moments %B axes [1] : ($1) -> ($3)
        %m, %v, %n = bn.merge_moments (%ma, %va, %na), (%mb, %vb, %nb) : $1
        return %m, %v)",
     "mean var_pop"},
    {"V23_fully_masked", "x:1x1 mask:1x1",
     R"(%m, %v, %n = bn.moments %x mask %mask axes [1] {mask_epsilon = 1.0e-7 : f64} : ($2) -> ($3)
        return %m, %v)",
     "keras3_mean keras3_var"},
};

INSTANTIATE_TEST_SUITE_P(Vectors, VectorTest, testing::ValuesIn(cases));
