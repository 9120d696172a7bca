// Products in bfloat16 for CPUs with AVX512-BF16; instructions are named as in avx512.c.
#include "CKernels.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

int arbex_has_bfloat16(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16");
}

#define ARBEX_FEATURES \
  "avx2,fma,bmi,bmi2,f16c,lzcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512bf16"
#pragma clang attribute push(__attribute__((target(ARBEX_FEATURES), min_vector_width(512))), apply_to = function)
#define ARBEX_INLINE static inline __attribute__((always_inline))
#define ARBEX_UNROLL _Pragma("clang loop unroll(full)")
#include "BFloat16/multiply.h"
#include "BFloat16/winograd.h"
#pragma clang attribute pop

#else
int arbex_has_bfloat16(void) { return 0; }

// Never called where there are no such instructions.
void arbex_bf16_convert(uint16_t *y, long yrow, const float *x, long xrow, arbex_prologue p, long rows, long columns) { __builtin_trap(); }
void arbex_bf16_pack(uint16_t *y, const float *b, long brow, long bcolumn, long depth, long columns) { __builtin_trap(); }
void arbex_bf16_multiply(const uint16_t *a, long arow, const uint16_t *b, float *c, long cstride, long rows,
                         long columns, long depth, float scale) { __builtin_trap(); }
void arbex_bf16_gather(uint16_t *patches, long stride, const uint16_t *x, arbex_window w, long firstRow, long rows) {
  __builtin_trap();
}
void arbex_bf16_winograd_input(uint16_t *v, const float *x, arbex_prologue p, arbex_window w, long firstTile,
                               long tiles) { __builtin_trap(); }
void arbex_bf16_winograd_output(float *y, const float *m, arbex_epilogue e, arbex_window w, long outputs,
                                long firstTile, long tiles) { __builtin_trap(); }
void arbex_bf16_winograd_weight(uint16_t *u, const float *g, long outputs, long inputs, long first, long count) {
  __builtin_trap();
}
#endif
