/// Products of numbers in bfloat16, a float without its lower 16 bits, summed in float: for CPUs with AVX512-BF16, which
/// do twice as many of them as of float (Kalamkar et al. 2019, arXiv:1905.12322). The rest of the loops stays in float.
///
/// Not a fourth variant of all loops but an addition to AVX-512: nothing here may be called where
/// arbex_has_bfloat16() is 0. The CPU's instructions take numbers below the smallest normal one for 0.
#pragma once
#include <stdint.h>

/// Whether this CPU has the instructions.
int arbex_has_bfloat16(void);

/// Columns of a panel.
enum { arbex_bf16_panel = 32 };

/// y = what the prologue makes of x, rounded to the nearest, ties to even; numbers below the smallest normal one become 0.
/// Rows of y lie `yrow` apart, those of x `xrow`; an odd row of y is filled up by a 0.
void arbex_bf16_convert(uint16_t *y, long yrow, const float *x, long xrow, arbex_prologue p, long rows, long columns);
/// Lays b [depth, columns], element (k, j) at k brow + j bcolumn, of which one is 1, out in panels of 32 columns: pairs of
/// neighbours along the depth side by side, element (k, j) at (j / 32 depth' + k / 2 2) 32 + j % 32 2 + k % 2 with depth' even.
/// What a panel lacks is 0.
void arbex_bf16_pack(uint16_t *y, const float *b, long brow, long bcolumn, long depth, long columns);
/// c = scale a b; rows of a lie `arow` apart, even and filled up as above, b lies in panels.
void arbex_bf16_multiply(const uint16_t *a, long arow, const uint16_t *b, float *c, long cstride, long rows,
                         long columns, long depth, float scale);
/// Patches of output rows [firstRow, firstRow + rows) of the flattened [N * outHeight] rows as rows of a matrix that
/// lie `stride` apart; channels are even.
void arbex_bf16_gather(uint16_t *patches, long stride, const uint16_t *x, arbex_window w, long firstRow, long rows);

// --- 3x3 convolutions of stride 1, see BFloat16/winograd.h; channels are multiples of 16 ---
void arbex_bf16_winograd_input(uint16_t *v, const float *x, arbex_prologue p, arbex_window w, long firstTile,
                               long tiles);
void arbex_bf16_winograd_output(float *y, const float *m, arbex_epilogue e, arbex_window w, long outputs,
                                long firstTile, long tiles);
/// u[36][panels of inputs x 32] of rows [first, first + count) of g [outputs, 9, inputs]; first is a multiple of 32.
void arbex_bf16_winograd_weight(uint16_t *u, const float *g, long outputs, long inputs, long first, long count);
