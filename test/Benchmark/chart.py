# chart.py - draws the results of latency.py: a bar per engine, its time relative to the best of the others.
# SPDX-License-Identifier: Apache-2.0
#
# usage: chart.py RESULTS.json > chart.svg
import json
import sys

COLORS = {"bn": "#d1495b", "onnxruntime": "#8d99ae", "openvino": "#a9b4c2", "mnn": "#c8d0d9"}
NAMES = {"bn": "bn", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "mnn": "MNN"}
LEFT, PANEL, GAP, TOP, BAR, SPACE = 120, 300, 40, 62, 9, 12
MOST = 2.0  # ratios beyond are cut


def text(x, y, content, anchor="start", size=12, color="#57606a"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}">{content}</text>'


def bar(x, y, engine, milliseconds, ratio):
    width = PANEL * min(ratio, MOST) / MOST
    label = f"{milliseconds:.3g} ms" + (" →" if ratio > MOST else "")
    inside = width > PANEL * 0.8
    return [f'<rect x="{x}" y="{y}" width="{width:.1f}" height="{BAR - 1}" fill="{COLORS[engine]}"/>',
            text(x + width + (-3 if inside else 3), y + BAR - 2, label, "end" if inside else "start", 8, "#24292f" if inside else "#57606a")]


def draw(results):
    """An SVG with a panel for each number of threads and a group of bars for each network."""
    networks = list(dict.fromkeys(result["network"] for result in results))
    threads = sorted({result["threads"] for result in results})
    engines = [engine for engine in COLORS if any(engine in result["ms"] for result in results)]
    group = len(engines) * BAR + SPACE
    width, height = LEFT + len(threads) * (PANEL + GAP), TOP + len(networks) * group + 10
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for i, engine in enumerate(engines):
        lines += [f'<rect x="{LEFT + i * 130}" y="10" width="11" height="11" fill="{COLORS[engine]}"/>', text(LEFT + 16 + i * 130, 20, NAMES[engine])]
    for panel, count in enumerate(threads):
        x = LEFT + panel * (PANEL + GAP)
        lines.append(text(x, 42, f"{count} thread{'s' * (count > 1)}: time relative to the best of the others", size=11))
        best = x + PANEL / MOST
        lines.append(f'<line x1="{best}" x2="{best}" y1="{TOP - 12}" y2="{height - 10}" stroke="#57606a" stroke-dasharray="2 3"/>')
        for result in (result for result in results if result["threads"] == count):
            y = TOP + networks.index(result["network"]) * group
            reference = min(time for engine, time in result["ms"].items() if engine != "bn")
            for i, engine in enumerate(engines):
                if engine in result["ms"]:
                    lines += bar(x, y + i * BAR, engine, result["ms"][engine], result["ms"][engine] / reference)
    for i, network in enumerate(networks):
        lines.append(text(LEFT - 8, TOP + i * group + len(engines) * BAR / 2 + 4, network, "end", 11, "#24292f"))
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    print(draw(json.load(open(sys.argv[1]))), end="")
