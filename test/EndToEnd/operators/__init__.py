# __init__.py - how to draw a node of each operator: one table, from files by kind of operator.
# SPDX-License-Identifier: Apache-2.0
"""A recipe takes a Draw (operator_draw.py) and says inputs and attributes; the rest is in the operator's schema."""

from . import elementwise, lanes, moving, networks, products, quantized

RECIPES = {**elementwise.RECIPES, **lanes.RECIPES, **moving.RECIPES, **networks.RECIPES, **products.RECIPES, **quantized.RECIPES}
