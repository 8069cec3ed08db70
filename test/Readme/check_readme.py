# check_readme.py - the README tells the truth: its commands work and the files that it names exist.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_readme.py README BUILD_FOLDER WORK_FOLDER
# Runs every ```sh block that follows a line `<!-- tested -->`, one after the other in the work folder, where the repository's
# folders and the build folder (as `build`) are links. Names in backticks and link targets with a slash or a known ending
# must be files of the repository, unless they are below build/. It stays short enough to be read.
import os
import re
import shutil
import subprocess
import sys

BLOCK = re.compile(r"<!-- tested -->\n```sh\n(.*?)```", re.DOTALL)
PATH = re.compile(r"`([\w.*{}/+-]+)`|\]\(([\w./-]+)\)")
MOST_LINES = 150
ENDINGS = (".cpp", ".h", ".td", ".py", ".md", ".mlir", ".txt")


def named_files(text):
    for match in PATH.finditer(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        name = match[1] or match[2]
        if (name.endswith(ENDINGS) or name.split("/")[0] in ("lib", "include", "test", "tools")) and "*" not in name and "{" not in name:
            yield name


def missing_files(text, root):
    return [name for name in named_files(text) if not os.path.exists(os.path.join(root, name))]


def link_repository(root, build, work):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    for name in ("include", "lib", "test", "tools"):
        os.symlink(os.path.join(root, name), os.path.join(work, name))
    os.symlink(build, os.path.join(work, "build"))


def main():
    readme, build, work = map(os.path.abspath, sys.argv[1:])
    root = os.path.dirname(readme)
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    missing = missing_files(text, root)
    for name in missing:
        print(f"README names '{name}', which does not exist")
    is_long = len(text.splitlines()) > MOST_LINES
    if is_long:
        print(f"README has more than {MOST_LINES} lines")
    blocks = BLOCK.findall(text)
    if not blocks:
        print("README has no tested block")
    link_repository(root, build, work)
    for block in blocks:
        print(block, flush=True)
        if subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=work, stderr=subprocess.STDOUT).returncode:
            print("this block of the README fails")
            return 1
    return bool(missing or is_long or not blocks)


if __name__ == "__main__":
    sys.exit(main())
