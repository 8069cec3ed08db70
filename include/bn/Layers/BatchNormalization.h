// BatchNormalization.h - the layer that Keras calls BatchNormalization, with every argument, compiled through the bn dialect.
// SPDX-License-Identifier: Apache-2.0
//
//   auto layer = BatchNormalization::create({.axis = {1}, .momentum = 0.9}, context, compiler);
//   auto call = layer->call(features, {.training = true});          // call->output
//   auto gradients = layer->getGradients(*call, outputGradient);     // gradients->input, ->gamma, ->beta
//   layer->apply(layer->getUpdatesFor(&features));                   // the moving averages take their step
//
// A call changes nothing: the state after it is an update that the caller applies.

#ifndef BN_LAYERS_BATCHNORMALIZATION_H
#define BN_LAYERS_BATCHNORMALIZATION_H

#include "bn/Layers/Arguments.h"
#include "bn/Layers/Program.h"
#include "llvm/ADT/StringMap.h"

namespace bn::layers {

struct StepModule;

/// A variable under its Keras name, in its Keras shape.
struct Variable {
  std::string name;
  HostTensor value;
  bool trainable;
};

/// The value that a variable has to take after a call.
struct Update {
  std::string variable;
  HostTensor value;
  const HostTensor *inputs; ///< the tensor that the layer was called with: an identity, never read
};

struct CallOptions {
  bool training = false;
  const HostTensor *mask = nullptr; ///< of bool or numbers, without the input's last axis; Keras 2 and 3
};

/// What a call returns, and what its gradient needs.
struct Call {
  HostTensor output;
  bool usesBatchStatistics;
  llvm::StringMap<HostTensor> saved; ///< by the operand's name in bn.training_grad or bn.inference_grad
};

/// Gradients of a call; those of absent parameters are absent.
struct Gradients {
  HostTensor input;
  std::optional<HostTensor> gamma, beta, adjustmentScale, adjustmentOffset;
};

/// Gradients of the parts of a batch that replicas hold; those of gamma and beta are sums over all.
struct ReplicaGradients {
  std::vector<HostTensor> inputs, adjustmentScales, adjustmentOffsets; ///< part by part; the latter empty without an adjustment
  std::optional<HostTensor> gamma, beta;
};

/// What a layer has settled once it knows the shape of its input.
struct Geometry {
  llvm::SmallVector<int64_t> axes;          ///< kept, ascending
  llvm::SmallVector<int64_t> channels;      ///< the input's sizes along them: the shape of parameters in the IR
  llvm::SmallVector<int64_t> variableShape; ///< the shape that Keras gives the variables; as many elements
  int64_t rank;
  bool fused;     ///< whether Keras would take its fused implementation
  double epsilon; ///< as the implementation uses it
};

class BatchNormalization {
public:
  /// Fails where Keras' constructor raises. Programs are made for `context` by `compiler`.
  static llvm::Expected<BatchNormalization> create(Arguments arguments, mlir::MLIRContext *context, Compiler compiler);

  /// A layer from what `getConfig` or Keras wrote.
  static llvm::Expected<BatchNormalization> fromConfig(const llvm::json::Value &config, mlir::MLIRContext *context, Compiler compiler);

  llvm::json::Object getConfig() const { return writeConfig(arguments); }
  const Arguments &getArguments() const { return arguments; }

  /// Creates the variables for inputs of this shape, of which the kept sizes must be known. Fails where Keras' build raises.
  llvm::Error build(llvm::ArrayRef<int64_t> inputShape);
  bool isBuilt() const { return geometry.has_value(); }

  /// Normalizes; builds the layer first if need be. Data of another type is cast to the layer's.
  llvm::Expected<Call> call(const HostTensor &inputs, const CallOptions &options = {});

  /// The module that such a call runs, in graph form.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> getModule(const HostTensor &inputs, const CallOptions &options = {});

  /// Such a call as a graph that ONNX can say, from x to y, for batches of any size. Fails with not_supported where it cannot.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> getOnnxModule(const HostTensor &inputs, const CallOptions &options = {});

  /// Gradients of a call of this layer, given that of its output.
  llvm::Expected<Gradients> getGradients(const Call &call, const HostTensor &outputGradient);

  /// Calls a synchronized layer with the parts of a batch that replicas hold. In training all normalize with the statistics of
  /// all, merged in the order of the parts; the updates are those of the first part's tensor. Masks are the parts' own.
  llvm::Expected<std::vector<Call>> callReplicas(llvm::ArrayRef<HostTensor> parts, const CallOptions &options = {},
                                                 llvm::ArrayRef<HostTensor> masks = {});

  /// Gradients of such calls, given those of their outputs.
  llvm::Expected<ReplicaGradients> getReplicaGradients(llvm::ArrayRef<Call> calls, llvm::ArrayRef<HostTensor> outputGradients);

  /// In the order of creation: gamma, beta, moving_mean, moving_variance, moving_stddev, renorm_mean, renorm_stddev.
  llvm::ArrayRef<Variable> getVariables() const { return variables; }
  std::vector<Variable> getTrainableVariables() const;
  const Variable *findVariable(llvm::StringRef name) const;
  llvm::Error assign(llvm::StringRef name, HostTensor value);

  /// What calls in training have computed since the last `apply`; nothing while the layer is frozen.
  std::vector<Update> getUpdates() const;
  /// The updates that depend on the tensor that the layer was called with; null asks for those that depend on none.
  std::vector<Update> getUpdatesFor(const HostTensor *inputs) const;
  /// Assigns the updates and forgets what is pending.
  llvm::Error apply(llvm::ArrayRef<Update> updates);

  /// Penalties of the regularizers.
  llvm::Expected<std::vector<double>> getLosses() const;
  /// The penalties depend on no input: all of them for null, otherwise none.
  llvm::Expected<std::vector<double>> getLossesFor(const HostTensor *inputs) const;
  /// The gradient of the penalties with respect to a variable.
  llvm::Expected<HostTensor> getLossGradient(llvm::StringRef variable) const;

  /// The variable's value as its constraint would have it.
  llvm::Expected<HostTensor> getConstrained(llvm::StringRef variable) const;
  /// Projects the trainable variables: what an optimizer does behind its step.
  llvm::Error applyConstraints();

  void setTrainable(bool trainable);
  /// Changes the bounds of renormalization: run-time values, nothing is compiled again.
  llvm::Error setRenormClipping(std::map<std::string, double> clipping);

private:
  BatchNormalization(Arguments arguments, mlir::MLIRContext *context, Compiler compiler);

  /// Whether a call normalizes with the statistics of its own input.
  bool trains(const CallOptions &options) const;
  llvm::Error addVariable(llvm::StringRef name, const KerasObject &initializer, uint64_t stream, bool isTrained, bool takesRoot);
  llvm::Error addVariables();
  llvm::Error checkVariables() const;
  llvm::Error checkInput(mlir::RankedTensorType type) const;
  /// What the bn op of a call takes, by the names of its operands.
  llvm::Expected<llvm::StringMap<HostTensor>> collectOperands(const HostTensor &inputs, const CallOptions &options);
  llvm::Error checkReplicas() const;
  llvm::Error collectMask(const CallOptions &options, llvm::StringMap<HostTensor> &operands) const;
  llvm::Error collectAdjustment(llvm::StringMap<HostTensor> &operands) const;
  llvm::Expected<StepModule> makeModule(const llvm::StringMap<HostTensor> &operands, bool training);
  /// Runs a module on these operands; gives its results by name, or why the module could not be made.
  llvm::Expected<llvm::StringMap<HostTensor>> run(llvm::Expected<StepModule> step, const llvm::StringMap<HostTensor> &operands);
  void remember(const HostTensor &inputs, const llvm::StringMap<HostTensor> &results);

  Arguments arguments;
  mlir::MLIRContext *context;
  Compiler compiler;
  std::optional<Geometry> geometry;
  std::vector<Variable> variables;
  std::vector<Update> pending;
  llvm::StringMap<std::shared_ptr<Program>> programs; ///< by the text of their module
};

} // namespace bn::layers

#endif // BN_LAYERS_BATCHNORMALIZATION_H
