# lit.cfg.py - one test file a subject; the tools come from the build, FileCheck from LLVM.
# SPDX-License-Identifier: Apache-2.0
import os
import lit.formats

config.name = "bn"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".onnxtxt", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.excludes = ["Inputs"]
config.environment["PATH"] = os.pathsep.join([config.bn_tools, config.llvm_tools, config.environment["PATH"]])
config.environment["BN_CACHE"] = os.path.join(config.test_exec_root, "cache")
config.available_features.add(config.build_type.lower())
if config.sanitizers:
    config.available_features.add("sanitized")
config.substitutions += [
    ("%sanitizers", config.sanitizers),
    ("%python", config.python),
    ("%models", config.models),
    ("%build", os.path.dirname(config.bn_tools)),
    ("%traces", os.path.join(config.test_source_root, "Layers/Inputs/keras_traces")),
]
