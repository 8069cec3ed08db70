# dice.py - choices that a random generator makes.
# SPDX-License-Identifier: Apache-2.0


class Dice:
    def __init__(self, rng):
        self.rng = rng

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, *choices):
        return choices[int(self.rng.integers(len(choices)))]

    def integer(self, low, high):
        return int(self.rng.integers(low, high + 1))
