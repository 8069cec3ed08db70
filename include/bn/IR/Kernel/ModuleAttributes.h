// ModuleAttributes.h - what a module in llvm form says to the runtime: names of its attributes and of its entry.
// SPDX-License-Identifier: Apache-2.0
//
// The entry is `void bn_run(void **arguments)`; the arguments are the inputs, the outputs, the weights, the arena and
// the session. Where the module has `kernel.checks`, main's last result is one more buffer behind the outputs: an i64,
// 0 or the number, from 1 on, of the first check that failed. The code calls
// `void bn_parallel_for(void *session, void (*task)(void *, int64_t), void *context, int64_t chunks, int64_t launch)`, where `launch`
// is an index into the table of launches.

#ifndef BN_IR_KERNEL_MODULEATTRIBUTES_H
#define BN_IR_KERNEL_MODULEATTRIBUTES_H

#include "llvm/ADT/StringRef.h"

namespace bn::kernel {

inline constexpr llvm::StringLiteral kInputsAttr = "kernel.inputs";            ///< i64, number of inputs
inline constexpr llvm::StringLiteral kOutputsAttr = "kernel.outputs";          ///< i64, number of outputs
inline constexpr llvm::StringLiteral kChecksAttr = "kernel.checks";            ///< array of strings: what the inputs did not hold to
inline constexpr llvm::StringLiteral kWeightsAttr = "kernel.weights";          ///< array of {offset, value}
inline constexpr llvm::StringLiteral kWeightsSizeAttr = "kernel.weights_size"; ///< i64, bytes
inline constexpr llvm::StringLiteral kLaunchesAttr = "kernel.launches";        ///< array of {nodes, flops, bytes}, one per launch
inline constexpr llvm::StringLiteral kArenaSizeAttr = "kernel.arena_size";     ///< i64, bytes
inline constexpr llvm::StringLiteral kEntryName = "bn_run";
inline constexpr llvm::StringLiteral kParallelForName = "bn_parallel_for";
inline constexpr int64_t kAlignment = 64; ///< of each weight and each view of the arena, in bytes

} // namespace bn::kernel

#endif // BN_IR_KERNEL_MODULEATTRIBUTES_H
