# check_style.py - the house rules that a machine can check, over every source file.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_style.py REPOSITORY
# Rules: a first line that names the file and says what it does, and the licence line; no file over 400 lines and, but for
# quoted text and tests, which quote IR, no line over 140 columns; no file named after nothing (Utils, Misc, ...); every
# refused match says why; every message starts in lower case and ends without a full stop.
import os
import re
import sys

COMMENT = {".h": "//", ".cpp": "//", ".c": "//", ".td": "//", ".py": "#"}
LICENCE = "SPDX-License-Identifier: Apache-2.0"
MAX_LINES, MAX_COLUMNS = 400, 140
NAMELESS = re.compile(r"(util|misc|common|helper)", re.IGNORECASE)

# A call that takes a message, up to the end of its statement.
MESSAGE = re.compile(r"\b(emit(?:Op)?Error|emitWarning|emitRemark|notifyMatchFailure|createStringError)\((.*?);", re.DOTALL)
NO_REASON = re.compile(r"\bnotifyMatchFailure\(\s*[^,()]+(\(\))?\s*\)")
RAW = re.compile(r'R"(\w*)\(.*?\)\1"', re.DOTALL)
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def check_head(lines, name, comment):
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    stem = os.path.splitext(name)[0]
    if not lines or not re.match(rf"{comment} ({re.escape(name)}|{re.escape(stem)}) (-|–) \S", lines[0]):
        yield 1, f"expected the first line to be '{comment} {name} - what it does.'"
    if LICENCE not in "".join(lines[1:2]):
        yield 2, f"expected the second line to be '{comment} {LICENCE}'"


def check_size(lines, quoted, name):
    if NAMELESS.search(name):
        yield 1, "expected a file name that says what is inside"
    if len(lines) > MAX_LINES:
        yield MAX_LINES + 1, f"expected at most {MAX_LINES} lines, got {len(lines)}"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS and number not in quoted:
            yield number, f"expected at most {MAX_COLUMNS} columns, got {len(line)}"


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def quoted_lines(text):
    """The lines that a raw string covers."""
    return {n for raw in RAW.finditer(text) for n in range(line_of(text, raw.start()), line_of(text, raw.end()) + 1)}


def check_messages(text):
    for match in NO_REASON.finditer(text):
        yield line_of(text, match.start()), "expected notifyMatchFailure to give a reason"
    for match in MESSAGE.finditer(text):
        literals = LITERAL.findall(match[2])
        # A capital is a name (W, ONNX) unless lower-case letters follow.
        if literals and re.match(r"[A-Z][a-z]", literals[0]):
            yield line_of(text, match.start()), f"expected the message to start in lower case, got \"{literals[0]}\""
        if literals and re.search(r"[^.]\.$", literals[-1]):
            yield line_of(text, match.start()), f"expected the message to end without a full stop, got \"{literals[-1]}\""


def check_file(root, path):
    name = os.path.basename(path)
    comment = COMMENT[os.path.splitext(name)[1]]
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    lines = text.splitlines()
    quoted = range(1, len(lines) + 1) if path.startswith("test") else quoted_lines(text)
    problems = [*check_head(lines, name, comment), *check_size(lines, quoted, name)]
    if comment == "//":
        problems += check_messages(text)
    return [f"{path}:{number}: {problem}" for number, problem in problems]


def main():
    root, found = sys.argv[1], []
    for base in ("include", "lib", "tools", "test"):
        for place, folders, files in os.walk(os.path.join(root, base)):
            folders[:] = [folder for folder in folders if folder != "Output"]
            for name in sorted(files):
                if os.path.splitext(name)[1] in COMMENT:
                    found += check_file(root, os.path.relpath(os.path.join(place, name), root))
    print("\n".join(found) or "every file keeps the house rules")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
