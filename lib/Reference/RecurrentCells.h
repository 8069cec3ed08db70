// RecurrentCells.h - activations and cells of RNN, GRU and LSTM: how one sample's state moves one step on.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_LIB_REFERENCE_RECURRENTCELLS_H
#define BN_LIB_REFERENCE_RECURRENTCELLS_H

#include "Operator.h"

#include <functional>

namespace bn::reference {

using Vector = std::vector<double>;
using Activation = std::function<double(double)>;

/// The weights of one direction. Rows are hidden units, gate after gate.
struct Weights {
  const double *w, *r, *b, *p; ///< b and p are null where absent
  int64_t input, hidden, gates;

  double fromInput(int64_t row, const double *x) const {
    double sum = b ? b[row] : 0;
    for (int64_t i = 0; i < input; ++i)
      sum += w[row * input + i] * x[i];
    return sum;
  }
  double fromHidden(int64_t row, const Vector &h) const {
    double sum = b ? b[gates * hidden + row] : 0;
    for (int64_t i = 0; i < hidden; ++i)
      sum += r[row * hidden + i] * h[i];
    return sum;
  }
  double peephole(int64_t row) const { return p ? p[row] : 0; }
};

/// Hidden and cell state of one sample.
struct State {
  Vector h, c;
};

/// Moves the state one step on.
using Cell = llvm::function_ref<void(Call &call, const Weights &weights, llvm::ArrayRef<Activation> f, const double *x, State &state)>;

/// The cells of RNN, of GRU (gates: update z, reset r, hidden h), and of LSTM (gates: input i, output o, forget f, cell c;
/// peepholes: i, o, f).
void stepRnn(Call &call, const Weights &weights, llvm::ArrayRef<Activation> f, const double *x, State &state);
void stepGru(Call &call, const Weights &weights, llvm::ArrayRef<Activation> f, const double *x, State &state);
void stepLstm(Call &call, const Weights &weights, llvm::ArrayRef<Activation> f, const double *x, State &state);

/// The activations of all directions: those of the node, or the operator's own for each direction. Clips their inputs where asked.
mlir::FailureOr<std::vector<Activation>> readActivations(Call &call, llvm::ArrayRef<llvm::StringRef> usual, size_t directions);

} // namespace bn::reference

#endif // BN_LIB_REFERENCE_RECURRENTCELLS_H
