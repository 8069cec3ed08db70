// RecurrentCells.h - one step of RNN, GRU and LSTM in one direction.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_LOWER_RECURRENTCELLS_H
#define BN_LIB_LOWER_RECURRENTCELLS_H

#include "Elementwise.h"
#include "QuantizedRows.h"

#include <map>

namespace bn::lower {

/// What the values of an activation are made by.
struct Activation {
  std::string name;
  std::optional<double> alpha, beta;
  double clip = 0;

  mlir::Value emit(Element &e, mlir::Value x) const;
};

/// The state of one direction between two steps.
struct State {
  mlir::Value h, c; ///< c is null where the operator has none
};

/// The weights of all directions, [directions][gates·H][depth].
struct Weights {
  mlir::Value values;
  mlir::ElementsAttr known; ///< null where the model computes them
  std::shared_ptr<const StoredWeights> stored = nullptr; ///< the same as 8 bits hold them, if they do
};

/// What all directions of a node are made by.
struct Recurrence {
  int64_t gates;
  Weights input, hidden;  ///< for x and for h
  bool quantizes = false; ///< what meets weights is rounded to 8 bits first
};

/// One direction of one node.
class Direction {
public:
  Direction(NodeLowering &n, const Recurrence &recurrence, unsigned d, llvm::ArrayRef<Activation> activations)
      : n(n), b(n.b), recurrence(recurrence), gates(recurrence.gates), d(d), f(activations.begin(), activations.end()) {}

  /// x·W of all steps plus the bias, [T][N][gates·H]; with it the bias of the state, where that is only added.
  mlir::Value projectInput(mlir::Value x);
  /// Makes what all steps share, before their loop.
  void prepareWeights();
  State step(mlir::Value projected, const State &state);
  unsigned getNumber() const { return d; }
  int64_t hidden() const { return shapeOf(recurrence.hidden.values)[2]; }

private:
  /// The weights of the gates [first, first + count) as the right side of a product: packed as kernels want it where they are known, [K][N]
  /// otherwise; made once.
  mlir::Value getMatrix(const Weights &weights, int64_t first, int64_t count);
  bool isPacked(const Weights &weights) const;
  /// rows·transpose of the gates [first, first + count) of the weights.
  mlir::Value multiply(mlir::Value rows, const Weights &weights, int64_t first, int64_t count);
  /// The same of weights that 8 bits hold.
  const StoredMatrix &getStored(const Weights &weights, int64_t first, int64_t count);
  bool isStored(const Weights &weights) const;
  /// Half `half` of the bias of the gates from `first` on, or null.
  mlir::Value getBias(int64_t half, int64_t first, int64_t count);
  mlir::Value getPeephole(int64_t gate);
  mlir::Value gate(mlir::Value x, int64_t i) { return slice(b, x, {0, i * hidden()}, {shapeOf(x)[0], hidden()}, {}); }
  mlir::Value add(mlir::Value x, mlir::Value y);
  /// An elementwise op of the state's shape.
  mlir::Value map(mlir::ValueRange inputs, llvm::function_ref<mlir::Value(Element &, mlir::ValueRange)> body);
  State stepRnn(mlir::Value x, const State &state);
  State stepGru(mlir::Value x, const State &state);
  State stepLstm(mlir::Value x, const State &state);

  NodeLowering &n;
  Builder &b;
  const Recurrence &recurrence;
  int64_t gates;
  unsigned d;
  llvm::SmallVector<Activation> f;
  std::map<std::tuple<const Weights *, int64_t, int64_t>, mlir::Value> matrices; ///< what getMatrix made
  std::map<std::tuple<const Weights *, int64_t, int64_t>, StoredMatrix> storedMatrices; ///< what getStored made
};

/// Whether there is such an activation; in lower case.
bool isKnownActivation(llvm::StringRef name);

} // namespace bn::lower

#endif // BN_LIB_LOWER_RECURRENTCELLS_H
