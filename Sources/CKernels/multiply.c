// The matrix product for CPUs with AVX-512. OpenBLAS picks its kernels by CPU model and falls back to AVX2 on models
// it does not know; this one asks for the instructions only. Panels of 32 columns of B are packed, twelve rows of A are
// broadcast against them. Each element is summed over the depth in one fixed order, whatever the number of rows,
// so a sample's result does not depend on its neighbours.
#include "CKernels.h"
#include "clones.h"

#define ARBEX_AVX512 __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
enum { ROWS = 12, COLUMNS = 32, DEPTH = 256 };
typedef float lanes __attribute__((vector_size(64), aligned(4)));

int arbex_has_avx512(void) { return __builtin_cpu_supports("x86-64-v4") != 0; }

/// ROWS x 32 block, or fewer rows: c (+)= scale a b over `depth`; b is a packed panel.
#define ARBEX_BLOCK(R)                                                                                   \
  ARBEX_AVX512 static void block##R(const float *a, long arow, long acolumn, const float *b, float *c,   \
                                    long cstride, long depth, float scale, int adding) {                 \
    lanes left[R], right[R];                                                                             \
    for (int r = 0; r < R; r++) left[r] = right[r] = (lanes){0};                                         \
    for (long k = 0; k < depth; k++, a += acolumn, b += COLUMNS) {                                       \
      lanes b0 = *(const lanes *)b, b1 = *(const lanes *)(b + 16);                                       \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++) {                                   \
        lanes x = a[r * arow] - (lanes){0};                                                              \
        left[r] = __builtin_elementwise_fma(x, b0, left[r]);                                             \
        right[r] = __builtin_elementwise_fma(x, b1, right[r]);                                           \
      }                                                                                                  \
    }                                                                                                    \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < R; r++) {                                     \
      lanes *to = (lanes *)(c + r * cstride);                                                            \
      to[0] = adding ? to[0] + scale * left[r] : scale * left[r];                                        \
      to[1] = adding ? to[1] + scale * right[r] : scale * right[r];                                      \
    }                                                                                                    \
  }

ARBEX_BLOCK(1)
ARBEX_BLOCK(2)
ARBEX_BLOCK(3)
ARBEX_BLOCK(4)
ARBEX_BLOCK(5)
ARBEX_BLOCK(6)
ARBEX_BLOCK(7)
ARBEX_BLOCK(8)
ARBEX_BLOCK(9)
ARBEX_BLOCK(10)
ARBEX_BLOCK(11)
ARBEX_BLOCK(12)

typedef void (*block)(const float *, long, long, const float *, float *, long, long, float, int);
static const block blocks[ROWS + 1] = {0,      block1, block2, block3, block4,  block5,  block6,
                                       block7, block8, block9, block10, block11, block12};

/// Copies `columns` (at most 32) columns of `depth` rows of b side by side, the rest 0.
ARBEX_AVX512 static void pack(float *panel, const float *b, long brow, long bcolumn, long depth, long columns) {
  if (bcolumn == 1 && columns == COLUMNS) {
    for (long k = 0; k < depth; k++)
      for (long j = 0; j < COLUMNS; j++) panel[k * COLUMNS + j] = b[k * brow + j];
  } else if (bcolumn == 1) {
    for (long k = 0; k < depth; k++)
      for (long j = 0; j < COLUMNS; j++) panel[k * COLUMNS + j] = j < columns ? b[k * brow + j] : 0;
  } else {
    for (long j = columns; j < COLUMNS; j++)
      for (long k = 0; k < depth; k++) panel[k * COLUMNS + j] = 0;
    for (long j = 0; j < columns; j++)
      for (long k = 0; k < depth; k++) panel[k * COLUMNS + j] = b[k * brow + j * bcolumn];
  }
}

ARBEX_AVX512 void arbex_multiply(const float *a, long arow, long acolumn, const float *b, long brow, long bcolumn,
                                 float *c, long cstride, long rows, long columns, long depth, float scale,
                                 int accumulating) {
  float panel[DEPTH * COLUMNS] __attribute__((aligned(64))), edge[ROWS * COLUMNS] __attribute__((aligned(64)));
  for (long k = 0; k < depth; k += DEPTH) {
    long deep = depth - k < DEPTH ? depth - k : DEPTH;
    int adding = accumulating || k > 0;
    for (long j = 0; j < columns; j += COLUMNS) {
      long wide = columns - j < COLUMNS ? columns - j : COLUMNS;
      pack(panel, b + k * brow + j * bcolumn, brow, bcolumn, deep, wide);
      for (long i = 0; i < rows; i += ROWS) {
        long high = rows - i < ROWS ? rows - i : ROWS;
        const float *from = a + i * arow + k * acolumn;
        float *to = c + i * cstride + j;
        if (wide == COLUMNS) {
          blocks[high](from, arow, acolumn, panel, to, cstride, deep, scale, adding);
          continue;
        }
        blocks[high](from, arow, acolumn, panel, edge, COLUMNS, deep, scale, 0);
        for (long r = 0; r < high; r++)
          for (long l = 0; l < wide; l++)
            to[r * cstride + l] = (adding ? to[r * cstride + l] : 0) + edge[r * COLUMNS + l];
      }
    }
  }
}
