// export.cpp - graphs that a pass has changed leave as valid ONNX, what it left alone as it was.
// SPDX-License-Identifier: Apache-2.0

#include "TextModel.h"

#include "bn/IR/BN/BN.h"
#include "bn/IR/Onnx/Names.h"
#include "bn/IR/Onnx/Onnx.h"
#include "bn/Onnx/Export.h"

#include "onnx/checker.h"
#include "onnx/onnx_pb.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace bn::onnx;

namespace {
class Export : public testing::Test {
protected:
  /// Imports the model, lets `change` have the function, and exports it.
  ::onnx::ModelProto convert(StringRef text, llvm::function_ref<void(func::FuncOp)> change) {
    ::onnx::ModelProto model;
    auto module = importText(text, context);
    if (!module) {
      ADD_FAILURE() << toString(module.takeError());
      return model;
    }
    change(*(*module)->getOps<func::FuncOp>().begin());
    SmallString<128> path;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("export", "onnx", path));
    llvm::FileRemover remover(path);
    if (llvm::Error error = exportModel(**module, path)) {
      message = toString(std::move(error));
      return model;
    }
    auto buffer = llvm::MemoryBuffer::getFile(path);
    EXPECT_TRUE(model.ParseFromString((*buffer)->getBuffer().str()));
    EXPECT_NO_THROW(::onnx::checker::check_model(model));
    return model;
  }

  template <typename Op>
  static Op find(func::FuncOp function) {
    return *function.getOps<Op>().begin();
  }

  MLIRContext context;
  std::string message;
};
} // namespace

/// One line per node: operator(inputs) -> outputs.
static std::vector<std::string> listNodes(const ::onnx::ModelProto &model) {
  std::vector<std::string> lines;
  for (const auto &node : model.graph().node())
    lines.push_back(node.op_type() + "(" + llvm::join(node.input(), ",") + ") -> " + llvm::join(node.output(), ","));
  return lines;
}

constexpr StringLiteral chain = R"(<ir_version: 8, opset_import: ["" : 17]>
  g (float[2,3] x) => (float[2,3] y) <float[2,3] a, float[2,3] b> { [first] a = Relu(x) [second] b = Neg(a) [third] y = Relu(b) })";

// The value of a node that goes takes its declaration along; the others keep theirs.
TEST_F(Export, RemovedNode) {
  auto model = convert(chain, [](func::FuncOp function) {
    auto node = find<GenericNodeOp>(function);
    node.getResult(0).replaceAllUsesWith(node.getInputs()[0]);
    node.erase();
  });
  EXPECT_EQ(listNodes(model), (std::vector<std::string>{"Relu(x) -> a", "Relu(a) -> y"}));
  ASSERT_EQ(model.graph().value_info_size(), 1);
  EXPECT_EQ(model.graph().value_info(0).name(), "a");
}

// A node that comes has no name, its value a new one.
TEST_F(Export, NewNode) {
  auto model = convert(chain, [](func::FuncOp function) {
    auto relu = find<ReluOp>(function);
    OpBuilder builder(relu);
    auto added = IdentityOp::create(builder, builder.getUnknownLoc(), relu.getX().getType(), relu.getX(), 16);
    relu.getXMutable().assign(added);
  });
  ASSERT_EQ(model.graph().node_size(), 4);
  EXPECT_EQ(model.graph().node(0).name(), "");
  EXPECT_EQ(model.graph().node(0).output(0), model.graph().node(1).input(0));
  EXPECT_EQ(model.graph().node(1).name(), "first");
}

// The output keeps its name whatever produces it: another node, or the input itself.
TEST_F(Export, OutputsKeepTheirNames) {
  auto replaceOutput = [&](llvm::function_ref<Value(func::FuncOp)> getValue) {
    return listNodes(convert(chain, [&](func::FuncOp function) {
      function.front().getTerminator()->setOperand(0, getValue(function));
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front())))
        if (op.use_empty() && op.getNumResults())
          op.erase();
    }));
  };
  EXPECT_EQ(replaceOutput([](func::FuncOp function) { return find<GenericNodeOp>(function).getResult(0); }),
            (std::vector<std::string>{"Relu(x) -> a", "Neg(a) -> y"}));
  EXPECT_EQ(replaceOutput([](func::FuncOp function) { return function.getArgument(0); }), (std::vector<std::string>{"Identity(x) -> y"}));
}

// Two ops that claim one name: a copy made by a pass gets another one.
TEST_F(Export, NamesStayUnique) {
  auto model = convert(chain, [](func::FuncOp function) {
    auto relu = find<ReluOp>(function);
    Operation *copy = OpBuilder(relu).clone(*relu);
    find<GenericNodeOp>(function)->setOperand(0, copy->getResult(0));
  });
  ASSERT_EQ(model.graph().node_size(), 4);
  EXPECT_NE(model.graph().node(0).output(0), model.graph().node(1).output(0));
}

// Before IR version 4 an initializer is an input, too; the checker insists.
TEST_F(Export, NewInitializerOfOldModel) {
  auto model = convert(R"(<ir_version: 3, opset_import: ["" : 7]>
    g (float[2] x) => (float[2] y) { a = Neg(x) y = Add(a, x) })",
                       [](func::FuncOp function) {
                         auto add = find<AddOp>(function);
                         OpBuilder builder(add);
                         auto type = RankedTensorType::get({2}, builder.getF32Type());
                         auto constant = ConstantOp::create(builder, builder.getUnknownLoc(), DenseElementsAttr::get(type, 1.0f));
                         add.getBMutable().assign(constant);
                       });
  ASSERT_EQ(model.graph().input_size(), 2);
  EXPECT_EQ(model.graph().input(1).name(), model.graph().initializer(0).name());
  EXPECT_EQ(model.graph().input(1).type().tensor_type().shape().dim(0).dim_value(), 2);
}

// A declared initializer that a pass has made longer is declared by its new shape.
TEST_F(Export, LongerInitializerOfOldModel) {
  auto model = convert(R"(<ir_version: 3, opset_import: ["" : 7]>
    g (float[2] x, float[1] w) => (float[2] y) <float[1] w = {1}> { y = Add(x, w) })",
                       [](func::FuncOp function) {
                         auto constant = find<ConstantOp>(function);
                         OpBuilder builder(constant);
                         auto type = RankedTensorType::get({2}, builder.getF32Type());
                         auto longer = ConstantOp::create(builder, builder.getUnknownLoc(), DenseElementsAttr::get(type, 1.0f));
                         takeOutputNames(constant, longer);
                         constant.replaceAllUsesWith(longer.getResult());
                         constant.erase();
                       });
  ASSERT_EQ(model.graph().input_size(), 2);
  EXPECT_EQ(model.graph().input(1).name(), "w");
  EXPECT_EQ(model.graph().input(1).type().tensor_type().shape().dim(0).dim_value(), 2);
}

TEST_F(Export, ChangedAttribute) {
  auto model = convert(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2,3] x) => (float[2,3] y) { y = LeakyRelu<alpha = 0.5>(x) })",
                       [](func::FuncOp function) {
                         auto relu = find<LeakyReluOp>(function);
                         relu->setAttr("alpha", OpBuilder(relu).getF32FloatAttr(0.25f));
                       });
  ASSERT_EQ(model.graph().node(0).attribute_size(), 1);
  EXPECT_EQ(model.graph().node(0).attribute(0).f(), 0.25f);
}

TEST_F(Export, NewConstantBecomesAnInitializer) {
  auto model = convert(chain, [](func::FuncOp function) {
    auto node = find<GenericNodeOp>(function);
    OpBuilder builder(node);
    auto type = cast<RankedTensorType>(node.getInputs()[0].getType());
    node->setOperand(0, ConstantOp::create(builder, builder.getUnknownLoc(), DenseElementsAttr::get(type, 2.0f)));
  });
  ASSERT_EQ(model.graph().initializer_size(), 1);
  EXPECT_EQ(model.graph().node(1).input(0), model.graph().initializer(0).name());
  EXPECT_EQ(model.graph().initializer(0).raw_data().size(), 24u);
}

// A bn.inference of a pass, in every version of the operator.
TEST_F(Export, NewBatchNorm) {
  for (int opset : {7, 9, 14, 15}) {
    auto model = convert(("<ir_version: 8, opset_import: [\"\" : " + llvm::Twine(opset) +
                          "]> g (float[2,3] x, float[3] p) => (float[2,3] y) { y = Relu(x) }")
                             .str(),
                         [](func::FuncOp function) {
                           auto relu = find<ReluOp>(function);
                           OpBuilder builder(relu);
                           Value p = function.getArgument(1);
                           relu.getXMutable().assign(bn::InferenceOp::create(builder, relu.getLoc(), relu.getX().getType(), relu.getX(), p, p, p,
                                                                             p, builder.getDenseI64ArrayAttr({1}),
                                                                             builder.getF64FloatAttr(0.5)));
                         });
    ASSERT_EQ(model.graph().node_size(), 2) << message;
    EXPECT_EQ(model.graph().node(0).op_type(), "BatchNormalization");
    EXPECT_EQ(model.graph().node(0).attribute(0).f(), 0.5f);
  }
}

// Through the text form and back: the same nodes, weights and declarations.
TEST_F(Export, TextForm) {
  auto module = importText(R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[N,3] x) => (float[N,2] y) <float[3,2] w = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}> { [first] a = MatMul(x, w) y = Relu(a) })",
                           context);
  ASSERT_TRUE(bool(module)) << toString(module.takeError());
  SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("export", "onnxtxt", path));
  llvm::FileRemover remover(path);
  llvm::Error error = exportModel(**module, path);
  ASSERT_FALSE(error) << toString(std::move(error));
  auto again = importModel(path, &context);
  ASSERT_TRUE(bool(again)) << toString(again.takeError());
  auto print = [](ModuleOp op) {
    std::string text;
    llvm::raw_string_ostream(text) << op;
    return text;
  };
  EXPECT_TRUE(contains(print(**again), "onnx.mat_mul") && contains(print(**again), "onnx.name = \"first\"")) << print(**again);
  EXPECT_TRUE(contains(print(**again), "[1.000000e+00, 2.000000e+00], [3.000000e+00")) << print(**again);
}

// A full disk, a folder that is not there, a folder in place of the file: nothing is left behind.
TEST_F(Export, no_PlaceToWrite) {
  auto module = importText(chain, context);
  ASSERT_TRUE(bool(module)) << toString(module.takeError());
  auto exportTo = [&](StringRef path) { return errorToErrorCode(exportModel(**module, path)); };
  EXPECT_EQ(exportTo("/dev/full"), std::errc::no_space_on_device);
  EXPECT_EQ(exportTo("/no/such/folder/m.onnx"), std::errc::no_such_file_or_directory);
  EXPECT_EQ(exportTo("/tmp"), std::errc::is_a_directory);
}

// An op of the bn dialect that ONNX has no operator for.
TEST_F(Export, no_Affine) {
  convert(chain, [](func::FuncOp function) {
    auto relu = find<ReluOp>(function);
    OpBuilder builder(relu);
    auto affine = bn::AffineOp::create(builder, relu.getLoc(), relu.getX().getType(), relu.getX(),
                                       builder.getDenseF64ArrayAttr({1, 2, 3}), builder.getDenseF64ArrayAttr({1, 2, 3}), 1);
    relu.getXMutable().assign(affine);
  });
  EXPECT_TRUE(contains(message, "'bn.affine' has no form in ONNX")) << message;
}
