// LayerEngine.h - the engines of the driver as what a layer compiles itself with.
// SPDX-License-Identifier: Apache-2.0

#ifndef BN_DRIVER_LAYERENGINE_H
#define BN_DRIVER_LAYERENGINE_H

#include "bn/Driver/Options.h"
#include "bn/Driver/Session.h"
#include "bn/Layers/Program.h"

namespace bn::driver {

/// A compiler for layers of this session's context; the session must outlive their programs.
layers::Compiler makeLayerCompiler(Session &session, const ExecutionOptions &options);

} // namespace bn::driver

#endif // BN_DRIVER_LAYERENGINE_H
