// Winograd.cpp - the matrices of Winograd's minimal filtering for windows of 3×3.
// SPDX-License-Identifier: Apache-2.0

#include "bn/IR/Kernel/Winograd.h"

using namespace bn::kernel;

static constexpr double filter2[] = {1, 0, 0, .5, .5, .5, .5, -.5, .5, 0, 0, 1};
static constexpr double input2[] = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, -1};
static constexpr double output2[] = {1, 1, 1, 0, 0, 1, -1, -1};
static constexpr WinogradMatrix inputs2[] = {{4, input2}}, outputs2[] = {{4, output2}};

// clang-format off
static constexpr double filter3[] = {
    1.0 / 2,  0,        0,
    -1.0 / 2, -1.0 / 2, -1.0 / 2,
    -1.0 / 6, 1.0 / 6,  -1.0 / 6,
    1.0 / 6,  1.0 / 3,  2.0 / 3,
    0,        0,        1};
static constexpr double differences3[] = {
    1, 0,  -1, 0, 0,
    0, -1, 0,  1, 0,
    0, 0,  -1, 1, 0,
    0, 1,  0,  0, 0,
    0, 0,  1,  0, 0,
    0, 0,  -1, 0, 1};
static constexpr double inputParts3[] = {
    2, 1,  0, 0,  0,  0,
    0, 0,  1, -2, 0,  0,
    0, 0,  1, 2,  -2, 0,
    0, 1,  0, 0,  0,  0,
    0, -2, 0, 0,  0,  1};
static constexpr double pairs3[] = {
    1, 0, 0,  0, 0,
    0, 1, 1,  0, 0,
    0, 1, -1, 0, 0,
    0, 0, 0,  1, 0,
    0, 0, 0,  0, 1};
static constexpr double outputParts3[] = {
    1, 1, 0, 1, 0,
    0, 0, 1, 2, 0,
    0, 1, 0, 4, 1};

static constexpr double filter4[] = {
    1.0 / 4,   0,         0,
    -1.0 / 6,  -1.0 / 6,  -1.0 / 6,
    -1.0 / 6,  1.0 / 6,   -1.0 / 6,
    1.0 / 24,  1.0 / 12,  1.0 / 6,
    1.0 / 24,  -1.0 / 12, 1.0 / 6,
    0,         0,         1};
// Rows of Bᵀ come in pairs e ± o of an even and an odd part, and so do columns of Aᵀ.
static constexpr double inputParts4[] = {
    4, 0,  -5, 0,  1, 0,
    0, 0,  -4, 0,  1, 0,
    0, -4, 0,  1,  0, 0,
    0, 0,  -1, 0,  1, 0,
    0, -2, 0,  2,  0, 0,
    0, 4,  0,  -5, 0, 1};
static constexpr double pairs4[] = {
    1, 0, 0,  0, 0,  0,
    0, 1, 1,  0, 0,  0,
    0, 1, -1, 0, 0,  0,
    0, 0, 0,  1, 1,  0,
    0, 0, 0,  1, -1, 0,
    0, 0, 0,  0, 0,  1};
static constexpr double outputParts4[] = {
    1, 1, 0, 1, 0, 0,
    0, 0, 1, 0, 2, 0,
    0, 1, 0, 4, 0, 0,
    0, 0, 1, 0, 8, 1};

// With a stride of 2.
static constexpr double filter2By2[] = {
    1, 0, 0,
    1, 0, 1,
    0, 0, 1,
    0, 1, 0,
    0, 1, 0};
static constexpr double input2By2[] = {
    1, 0, -1, 0, 0,
    0, 0, 1,  0, 0,
    0, 0, -1, 0, 1,
    0, 1, 0,  0, 0,
    0, 0, 0,  1, 0};
static constexpr double output2By2[] = {
    1, 1, 0, 1, 0,
    0, 1, 1, 0, 1};

static constexpr double filter3By2[] = {
    1,  0, 0,
    .5, 0, .5,
    .5, 0, -.5,
    0,  0, 1,
    0,  1, 0,
    0,  1, 0,
    0,  1, 0};
static constexpr double input3By2[] = {
    1, 0, 0,  0, -1, 0, 0,
    0, 0, 1,  0, 1,  0, 0,
    0, 0, -1, 0, 1,  0, 0,
    0, 0, 1,  0, 0,  0, -1,
    0, 1, 0,  0, 0,  0, 0,
    0, 0, 0,  1, 0,  0, 0,
    0, 0, 0,  0, 0,  1, 0};
static constexpr double output3By2[] = {
    1, 1, 1,  0,  1, 0, 0,
    0, 1, -1, 0,  0, 1, 0,
    0, 1, 1,  -1, 0, 0, 1};

static constexpr double filter4By2[] = {
    1.0 / 2,  0, 0,
    -1.0 / 2, 0, -1.0 / 2,
    -1.0 / 6, 0, 1.0 / 6,
    1.0 / 6,  0, 1.0 / 3,
    0,        0, 1,
    0,        1, 0,
    0,        1, 0,
    0,        1, 0,
    0,        1, 0};
static constexpr double differences4By2[] = {
    1, 0, 0,  0, -1, 0, 0, 0, 0,
    0, 0, -1, 0, 0,  0, 1, 0, 0,
    0, 0, 0,  0, -1, 0, 1, 0, 0,
    0, 0, 1,  0, 0,  0, 0, 0, 0,
    0, 0, 0,  0, 1,  0, 0, 0, 0,
    0, 0, 0,  0, -1, 0, 0, 0, 1,
    0, 1, 0,  0, 0,  0, 0, 0, 0,
    0, 0, 0,  1, 0,  0, 0, 0, 0,
    0, 0, 0,  0, 0,  1, 0, 0, 0,
    0, 0, 0,  0, 0,  0, 0, 1, 0};
static constexpr double inputParts4By2[] = {
    2, 1,  0, 0,  0,  0, 0, 0, 0, 0,
    0, 0,  1, -2, 0,  0, 0, 0, 0, 0,
    0, 0,  1, 2,  -2, 0, 0, 0, 0, 0,
    0, 1,  0, 0,  0,  0, 0, 0, 0, 0,
    0, -2, 0, 0,  0,  1, 0, 0, 0, 0,
    0, 0,  0, 0,  0,  0, 1, 0, 0, 0,
    0, 0,  0, 0,  0,  0, 0, 1, 0, 0,
    0, 0,  0, 0,  0,  0, 0, 0, 1, 0,
    0, 0,  0, 0,  0,  0, 0, 0, 0, 1};
static constexpr double pairs4By2[] = {
    1, 0, 0,  0, 0, 0, 0, 0, 0,
    0, 1, 1,  0, 0, 0, 0, 0, 0,
    0, 1, -1, 0, 0, 0, 0, 0, 0,
    0, 0, 0,  1, 0, 0, 0, 0, 0,
    0, 0, 0,  0, 1, 0, 0, 0, 0,
    0, 0, 0,  0, 0, 1, 0, 0, 0,
    0, 0, 0,  0, 0, 0, 1, 0, 0,
    0, 0, 0,  0, 0, 0, 0, 1, 0,
    0, 0, 0,  0, 0, 0, 0, 0, 1};
static constexpr double outputParts4By2[] = {
    1, 1, 0, 1, 0, 1, 0, 0, 0,
    0, 0, 1, 2, 0, 0, 1, 0, 0,
    0, 1, 0, 4, 0, 0, 0, 1, 0,
    0, 0, 1, 8, 1, 0, 0, 0, 1};
// clang-format on
static constexpr WinogradMatrix inputs3[] = {{5, differences3}, {6, inputParts3}}, outputs3[] = {{5, pairs3}, {5, outputParts3}};
static constexpr WinogradMatrix inputs4[] = {{6, inputParts4}, {6, pairs4}}, outputs4[] = {{6, pairs4}, {6, outputParts4}};

static constexpr WinogradMatrix inputs2By2[] = {{5, input2By2}}, outputs2By2[] = {{5, output2By2}};
static constexpr WinogradMatrix inputs3By2[] = {{7, input3By2}}, outputs3By2[] = {{7, output3By2}};
static constexpr WinogradMatrix inputs4By2[] = {{9, differences4By2}, {10, inputParts4By2}};
static constexpr WinogradMatrix outputs4By2[] = {{9, pairs4By2}, {9, outputParts4By2}};

static constexpr WinogradTransforms transforms[][2] = {
    {{2, 1, {3, filter2}, inputs2, outputs2}, {2, 2, {3, filter2By2}, inputs2By2, outputs2By2}},
    {{3, 1, {3, filter3}, inputs3, outputs3}, {3, 2, {3, filter3By2}, inputs3By2, outputs3By2}},
    {{4, 1, {3, filter4}, inputs4, outputs4}, {4, 2, {3, filter4By2}, inputs4By2, outputs4By2}}};

const WinogradTransforms &bn::kernel::getWinograd(int64_t tile, int64_t stride) { return transforms[tile - 2][stride - 1]; }
