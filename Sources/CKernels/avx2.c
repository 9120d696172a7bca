// The loops for CPUs with AVX2 and fused multiply-add; instructions are named as in avx512.c.
#ifdef __x86_64__
#include "CKernels.h"
#include <math.h>
#include <string.h>

#define ARBEX_FEATURES \
  "avx2,fma,bmi,bmi2,f16c,lzcnt"
#pragma clang attribute push(__attribute__((target(ARBEX_FEATURES))), apply_to = function)
#define ARBEX_NAME(name) arbex_##name##_avx2
#define ARBEX_WIDTH 8
#define ARBEX_ROWS 6
#include "Loops/loops.h"
#pragma clang attribute pop
#endif
