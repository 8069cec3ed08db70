// traces.cpp - the layer against recordings of TensorFlow's: every output, gradient, state, penalty and constraint.
// SPDX-License-Identifier: Apache-2.0

#include "LayerTest.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace bn;
using namespace bn::layers;

namespace {

/// Names of the recordings.
std::vector<std::string> findTraces() {
  std::vector<std::string> names;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator entry(LAYER_INPUTS "/keras_traces", error), end; !error && entry != end; entry.increment(error))
    names.push_back(llvm::sys::path::filename(entry->path()).str());
  llvm::sort(names);
  return names;
}

using Trace = std::pair<driver::EngineKind, std::string>;

std::vector<Trace> combine() {
  std::vector<Trace> traces;
  for (driver::EngineKind engine : {driver::EngineKind::Reference, driver::EngineKind::Jit})
    for (std::string &name : findTraces())
      traces.emplace_back(engine, std::move(name));
  return traces;
}

std::string getName(const ::testing::TestParamInfo<Trace> &info) {
  return (info.param.first == driver::EngineKind::Jit ? "jit_" : "reference_") + info.param.second;
}

/// Every recording with either engine.
class TraceTest : public LayerTest, public ::testing::WithParamInterface<Trace> {
protected:
  void SetUp() override {
    compiler = driver::makeLayerCompiler(session, {GetParam().first, 1});
    std::string directory = LAYER_INPUTS "/keras_traces/" + GetParam().second;
    config = readJson(directory + "/config.json");
    for (driver::NamedTensor &named : llvm::cantFail(driver::readNpz(directory + "/trace.npz", context)))
      trace[named.name] = std::move(named.tensor);
    bool isDouble = config.getAsObject()->getString("dtype") == "float64";
    // TensorFlow's float32 loses digits far from zero; there its recording is only near.
    tolerance = GetParam().second == "big_offset" ? 5e-3 : isDouble ? 1e-7 : 1e-4;
  }

  Layer makeLayer() {
    Arguments arguments = llvm::cantFail(readConfig(config));
    if (auto scale = trace.find("adj_scale"); scale != trace.end())
      arguments.adjustment = [scale = scale->second, bias = trace["adj_bias"]](llvm::ArrayRef<int64_t>) { return std::pair(scale, bias); };
    return make(std::move(arguments));
  }

  /// Compares with what was recorded; what was not, such as the gradient of an absent gamma, must be absent.
  void expectRecorded(const HostTensor *actual, const std::string &key) {
    auto expected = trace.find(key);
    ASSERT_EQ(actual != nullptr, expected != trace.end()) << key;
    if (!actual)
      return;
    EXPECT_EQ(actual->type, expected->second.type) << key;
    expectNear(getReals(*actual), getReals(expected->second), tolerance, key);
  }

  void runStep(Layer &layer, const std::string &step) {
    const HostTensor &x = trace["x" + step];
    auto mask = trace.find("mask" + step);
    Call call = llvm::cantFail(layer.call(x, {true, mask == trace.end() ? nullptr : &mask->second}));
    expectRecorded(&call.output, "y" + step);
    Gradients gradients = llvm::cantFail(layer.getGradients(call, trace["dy" + step]));
    expectRecorded(&gradients.input, "dx" + step);
    expectRecorded(gradients.gamma ? &*gradients.gamma : nullptr, "dgamma" + step);
    expectRecorded(gradients.beta ? &*gradients.beta : nullptr, "dbeta" + step);
    llvm::cantFail(layer.apply(layer.getUpdatesFor(&x)));
    for (const Variable &variable : layer.getVariables())
      expectRecorded(&variable.value, "state" + step + "/" + variable.name);
  }

  llvm::json::Value config = nullptr;
  llvm::StringMap<HostTensor> trace;
  double tolerance = 0;
};

TEST_P(TraceTest, isReproduced) {
  Layer layer = makeLayer();
  llvm::cantFail(layer.build(trace["x0"].type.getShape()));
  for (const Variable &variable : layer.getVariables()) // the initializers that draw are TensorFlow's own
    llvm::cantFail(layer.assign(variable.name, trace["init/" + variable.name]));
  for (int64_t step = 0; step < *config.getAsObject()->getInteger("steps"); ++step)
    runStep(layer, std::to_string(step));
  Call inference = llvm::cantFail(layer.call(trace["x_infer"]));
  expectRecorded(&inference.output, "y_infer");
}

/// What the initializers, regularizers and constraints of the recordings give.
TEST_P(TraceTest, hasTheObjectsOfKeras) {
  Layer layer = makeLayer();
  llvm::cantFail(layer.build(trace["x0"].type.getShape()));
  if (GetParam().second == "initializers")
    for (const Variable &variable : layer.getVariables())
      expectRecorded(&variable.value, "init/" + variable.name);
  int64_t last = *config.getAsObject()->getInteger("steps") - 1;
  for (const Variable &variable : layer.getVariables())
    llvm::cantFail(layer.assign(variable.name, trace["state" + std::to_string(last) + "/" + variable.name]));
  double loss = 0;
  for (double penalty : llvm::cantFail(layer.getLosses()))
    loss += penalty;
  if (trace.contains("loss"))
    EXPECT_NEAR(loss, getReals(trace["loss"])[0], 1e-6);
  for (const char *name : {"gamma", "beta"})
    if (trace.contains(std::string("constrained/") + name)) {
      HostTensor constrained = llvm::cantFail(layer.getConstrained(name));
      expectRecorded(&constrained, std::string("constrained/") + name);
    }
}

INSTANTIATE_TEST_SUITE_P(Keras, TraceTest, ::testing::ValuesIn(combine()), getName);

TEST(Traces, areAllThere) { EXPECT_EQ(findTraces().size(), 32u); }

} // namespace
