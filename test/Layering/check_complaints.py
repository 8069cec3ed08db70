# check_complaints.py - every line of the table of complaints names a test that exists, or a reason.
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_complaints.py REPOSITORY
import pathlib
import sys

COMPLAINTS = 67

tests = pathlib.Path(sys.argv[1], "test")
problems, numbers = [], []
for line in (tests / "Optimize" / "complaints.md").read_text().splitlines():
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) != 4 or not cells[0].isdigit():
        continue
    numbers.append(int(cells[0]))
    name, _, case = cells[3].strip("`").partition(":")
    if cells[3].startswith("- "):
        continue
    file = tests / name
    if not file.is_file():
        problems.append(f"complaint {cells[0]}: expected a file test/{name}")
    elif case not in file.read_text():
        problems.append(f"complaint {cells[0]}: expected '{case}' in test/{name}")
if numbers != list(range(1, COMPLAINTS + 1)):
    problems.append(f"expected lines 1 to {COMPLAINTS}, got {numbers}")
print("\n".join(problems) or "every complaint has a test or a reason")
sys.exit(bool(problems))
