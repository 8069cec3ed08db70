// target.cpp - the table of vector units.
// SPDX-License-Identifier: Apache-2.0

#include "bn/Codegen/Target.h"
#include "gtest/gtest.h"

TEST(Target, rows) {
  EXPECT_EQ(bn::targetOf(512).registers, 32u);
  EXPECT_EQ(bn::targetOf(256).registers, 16u);
}

TEST(Target, unknown_width_is_portable) {
  EXPECT_EQ(bn::targetOf(96).vectorBits, 128u);
  EXPECT_EQ(bn::targetOf(96).feature, "");
}

TEST(Target, host_is_a_row) { EXPECT_GE(bn::hostTarget().vectorBits, 128u); }
