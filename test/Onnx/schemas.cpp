// schemas.cpp - types from ONNX's inference, and nodes for operators that are functions.
// SPDX-License-Identifier: Apache-2.0

#include "TextModel.h"

#include "bn/IR/Onnx/Onnx.h"
#include "bn/IR/Onnx/SchemaInterface.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace bn::onnx;

namespace {
class Schemas : public testing::Test {
protected:
  Schemas() {
    DialectRegistry registry;
    registerSchemaInterface(registry);
    context.appendDialectRegistry(registry);
  }

  /// Imports the model and returns the first node of `opType`.
  NodeOpInterface import(StringRef text, StringRef opType) {
    auto imported = importText(text, context);
    if (!imported) {
      ADD_FAILURE() << toString(imported.takeError());
      return nullptr;
    }
    module = std::move(*imported);
    NodeOpInterface found;
    module->walk([&](NodeOpInterface node) { found = !found && node.getOpType() == opType ? node : found; });
    return found;
  }

  const SchemaInterface &schemas() { return *context.getLoadedDialect("onnx")->getRegisteredInterface<SchemaInterface>(); }

  /// Expands the first node of `opType` and returns the operators of the module then.
  std::vector<std::string> expand(StringRef text, StringRef opType) {
    NodeOpInterface node = import(text, opType);
    IRRewriter rewriter(&context);
    if (!node || failed(schemas().expandFunctionBody(node, rewriter)))
      return {"failed"};
    EXPECT_TRUE(succeeded(verify(*module)));
    std::vector<std::string> operators;
    module->walk([&](NodeOpInterface inner) {
      if (!inner->getParentOfType<func::FuncOp>().isPrivate())
        operators.push_back(inner.getOpType().str());
    });
    return operators;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};
} // namespace

TEST_F(Schemas, InferFromTypesAndConstants) {
  NodeOpInterface node = import(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2,3,5] x, int64[2] s) => (float[a,b] y) { y = Reshape(x, s) })",
                                "Reshape");
  ASSERT_TRUE(node);
  SmallVector<Type> types;
  auto constant = [&](unsigned i) -> ElementsAttr {
    return i == 1 ? DenseElementsAttr::get(RankedTensorType::get({2}, IntegerType::get(&context, 64)), ArrayRef<int64_t>{10, 3}) : nullptr;
  };
  ASSERT_TRUE(succeeded(schemas().inferTypes(node, constant, types)));
  EXPECT_EQ(types[0], RankedTensorType::get({10, 3}, Float32Type::get(&context)));
}

// The third window would start in the padding; nobody computes it.
TEST_F(Schemas, PoolWithoutWindowsInThePadding) {
  NodeOpInterface node = import(R"(<ir_version: 8, opset_import: ["" : 11]>
    g (float[1,1,5,2] x) => (float[a,b,c,d] y) {
      y = AveragePool <ceil_mode = 1, kernel_shape = [2, 1], pads = [1, 0, 1, 0], strides = [3, 1]> (x) })",
                                "AveragePool");
  ASSERT_TRUE(node);
  SmallVector<Type> types;
  ASSERT_TRUE(succeeded(schemas().inferTypes(node, [](unsigned) { return ElementsAttr(); }, types)));
  EXPECT_EQ(types[0], RankedTensorType::get({1, 1, 2, 2}, Float32Type::get(&context)));
}

TEST_F(Schemas, NodeWithoutInputs) {
  NodeOpInterface node = import(R"(<ir_version: 8, opset_import: ["" : 18]>
    g () => (bool y) { y = OptionalHasElement() })",
                                "OptionalHasElement");
  ASSERT_TRUE(node);
  SmallVector<Type> types;
  ASSERT_TRUE(succeeded(schemas().inferTypes(node, [](unsigned) { return ElementsAttr(); }, types)));
  EXPECT_EQ(types[0], RankedTensorType::get({}, IntegerType::get(&context, 1)));
}

TEST_F(Schemas, no_TypesForOperandsThatContradictTheSchema) {
  NodeOpInterface node = import(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2,3] x, float[5,7] w) => (y) { y = MatMul(x, w) })",
                                "MatMul");
  ASSERT_TRUE(node);
  ScopedDiagnosticHandler silence(&context, [](Diagnostic &) { return success(); });
  SmallVector<Type> types;
  EXPECT_TRUE(failed(schemas().inferTypes(node, [](unsigned) { return ElementsAttr(); }, types)));
}

TEST_F(Schemas, ExpandFunction) {
  auto operators = expand(R"(<ir_version: 10, opset_import: ["" : 18]>
    g (float[2,3] x) => (float[2,3] y) { y = Mish(x) })",
                          "Mish");
  EXPECT_EQ(operators, (std::vector<std::string>{"Softplus", "Tanh", "Mul"}));
}

// The body depends on the attribute and on the type of the input.
TEST_F(Schemas, ExpandContextDependentFunction) {
  auto operators = expand(R"(<ir_version: 10, opset_import: ["" : 17]>
    g (float[2,3,5] x, float[5] s) => (float[2,3,5] y) { y = LayerNormalization<axis = -1, epsilon = 0.5>(x, s) })",
                          "LayerNormalization");
  EXPECT_GT(operators.size(), 5u);
  EXPECT_FALSE(llvm::is_contained(operators, "LayerNormalization"));
}

TEST_F(Schemas, ExpandLocalFunctionWithAttribute) {
  auto operators = expand(R"(<ir_version: 10, opset_import: ["" : 18, "local" : 1]>
    g (float[2,3] x) => (float[2,3] y) { y = local.slope<a = 0.25>(x) }
    <domain: "local", opset_import: ["" : 18]>
    slope <a>(v) => (r) { t = LeakyRelu<alpha: float = @a>(v) r = Neg(t) })",
                          "slope");
  EXPECT_EQ(operators, (std::vector<std::string>{"LeakyRelu", "Neg"}));
  module->walk([](LeakyReluOp op) { EXPECT_EQ(op.getAlpha().convertToFloat(), 0.25f); });
}

TEST_F(Schemas, no_ExpansionOfAPrimitive) {
  auto operators = expand(R"(<ir_version: 10, opset_import: ["" : 18]>
    g (float[2,3] x) => (float[2,3] y) { y = Neg(x) })",
                          "Neg");
  EXPECT_EQ(operators, (std::vector<std::string>{"failed"}));
}
