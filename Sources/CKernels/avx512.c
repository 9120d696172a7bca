// The loops for CPUs with AVX-512. Instructions are named one by one: "arch=x86-64-v4" would also take that
// architecture's habits, and x86-64-v4's is to use half of a 512-bit register.
#ifdef __x86_64__
#include "CKernels.h"
#include <math.h>
#include <string.h>

#define ARBEX_FEATURES \
  "avx2,fma,bmi,bmi2,f16c,lzcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#pragma clang attribute push(__attribute__((target(ARBEX_FEATURES), min_vector_width(512))), apply_to = function)
#define ARBEX_NAME(name) arbex_##name##_avx512
#define ARBEX_WIDTH 16
#define ARBEX_ROWS 12
#include "Loops/loops.h"
#pragma clang attribute pop
#endif
