# check_layers.py - every include of every folder against the table of who may use whom.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_layers.py REPOSITORY
# The table is the architecture: a folder of lib/ and include/bn/ may include itself and what its row names. Onnx alone
# knows protobuf and the ONNX library.
import os
import re
import sys

MAY_USE = {
    "IR": [],
    "Onnx": ["IR"],
    "Reference": ["IR"],
    "Optimize": ["IR", "Reference"],
    "Layers": ["IR", "Reference/Tensor.h"],  # elements of host tensors in double
    "Lower": ["IR"],
    "Codegen": ["IR"],
    # what it shares with Codegen and the tools
    "Runtime": ["IR/HostTensor.h", "IR/Kernel/LaunchTable.h", "IR/Kernel/ModuleAttributes.h", "IR/Kernel/PackedElements.h"],
    "Pipelines": ["IR", "Optimize", "Lower", "Codegen"],
    "Driver": ["IR", "Onnx", "Reference", "Optimize", "Layers", "Lower", "Codegen", "Runtime", "Pipelines"],
}
ONNX_LIBRARY = re.compile(r"(onnx/|google/protobuf/)")
INCLUDE = re.compile(r'^\s*#?include\s*["<]([^">]+)[">]')
SOURCES = (".h", ".cpp", ".td")


def folder_of(path):
    """IR of lib/IR/BN/BNOps.cpp, Pipelines of lib/Pipelines.cpp."""
    return path.split("/")[0].split(".")[0]


def violation(folder, included):
    """What is wrong with an include of a folder, or nothing."""
    if ONNX_LIBRARY.match(included) and folder != "Onnx":
        return f"{folder} must not know the ONNX library or protobuf"
    if not included.startswith("bn/"):
        return "'..' leaves the folder's own files" if ".." in included.split("/") else None
    used = included[len("bn/") :]
    if folder_of(used) == folder or any(used == allowed or folder_of(used) == allowed for allowed in MAY_USE[folder]):
        return None
    return f"{folder} may use {', '.join(MAY_USE[folder]) or 'no other folder'}"


def check_file(root, path, folder):
    if folder not in MAY_USE:
        return [f"{path}:1: folder '{folder}' is not in the table of {os.path.basename(__file__)}"]
    found = []
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = INCLUDE.match(line)
            reason = violation(folder, match[1]) if match else None
            if reason:
                found.append(f"{path}:{number}: {line.strip()}: {reason}")
    return found


def main():
    root, found = sys.argv[1], []
    for base in ("lib", "include/bn"):
        for place, _, files in os.walk(os.path.join(root, base)):
            for name in sorted(files):
                path = os.path.relpath(os.path.join(place, name), root)
                if name.endswith(SOURCES):
                    found += check_file(root, path, folder_of(os.path.relpath(path, base)))
    print("\n".join(found) or "every include is allowed")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
