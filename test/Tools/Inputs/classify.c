// classify.c - a plain C program around a compiled library: prints the class of each 8×8 image of floats on stdin.
// SPDX-License-Identifier: Apache-2.0
#include "libdigits.h"

#include <stdio.h>

int main(void) {
  float image[1][8][8], logits[10];
  digits_session *first = digits_create(1), *second = digits_create(2);
  if (!first || !second)
    return 1;
  for (int count = 0; fread(image, sizeof image, 1, stdin) == 1; ++count) {
    digits_run(count % 2 ? first : second, (const void *[]){image}, (void *[]){logits});
    int best = 0;
    for (int i = 1; i < 10; ++i)
      best = logits[i] > logits[best] ? i : best;
    printf("%d\n", best);
  }
  digits_destroy(first);
  digits_destroy(second);
  return 0;
}
