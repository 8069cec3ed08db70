# check_profile.py - compares the profile of profile.onnxtxt on stdin, and its timeline in a file, with what the model computes.
# SPDX-License-Identifier: Apache-2.0
import json
import sys

report = json.load(sys.stdin)
rows = {row["nodes"].split(" + ")[0]: row for row in report["profile"]}
product, unique = rows["product"], rows["unique"]
assert product["nodes"] == "product + activation", product
multiply_adds, maxima = 16 * 32 * 48, 16 * 48
assert 2 * multiply_adds <= product["flops"] <= 2 * multiply_adds + 2 * maxima, product
assert product["engine"] == "jit" and unique["engine"] == "reference", rows
assert all(row["ms"] > 0 for row in rows.values())
assert report["peak_flops"] > 1e8 and report["copy_bytes_per_second"] > 1e8, report

events = json.load(open(sys.argv[1]))
assert {"product + activation", "unique"} <= {event["name"] for event in events}, events
assert all(event["ph"] == "X" and event["dur"] > 0 for event in events)
assert all(a["ts"] + a["dur"] <= b["ts"] + 0.01 for a, b in zip(events, events[1:])), "events overlap"
