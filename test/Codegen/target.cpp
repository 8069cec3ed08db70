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

// What a width alone asks for runs on every machine that has the width.
TEST(Target, width_alone_has_no_more) {
  EXPECT_EQ(bn::targetOf(512).byteDot, "");
  EXPECT_EQ(bn::targetOf(256).byteDot, "");
}

TEST(Target, host_is_a_row) { EXPECT_GE(bn::hostTarget().vectorBits, 128u); }

static unsigned getVectorBits(llvm::StringRef processor) {
  llvm::Expected<const bn::Target *> target = bn::findTarget(processor);
  return target ? (*target)->vectorBits : (llvm::consumeError(target.takeError()), 0);
}

#if defined(__x86_64__)
TEST(Target, processors_by_name) {
  EXPECT_EQ(getVectorBits("x86-64"), 128u);
  EXPECT_EQ(getVectorBits("x86-64-v3"), 256u);
  EXPECT_EQ(getVectorBits("skylake-avx512"), 512u);
}
#endif

TEST(Target, no_name_is_the_host) { EXPECT_EQ(getVectorBits(""), bn::hostTarget().vectorBits); }

TEST(Target, no_such_processor) { EXPECT_EQ(getVectorBits("no-such-processor"), 0u); }

TEST(Target, host_runs_its_own_code) { EXPECT_FALSE(static_cast<bool>(bn::checkRunsHere(""))); }
