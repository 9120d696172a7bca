/// Plain loops over floats that the compiler vectorises, compiled three times: for AVX-512, for AVX2 and for any CPU.
/// No allocation, no policy: callers cut the work. Which of the three run is chosen once, as the process starts: the
/// best that the CPU has, or those that the environment variable ARBEX_KERNELS names.
#pragma once
#include <stdint.h>

/// What the loops were compiled for, from what every CPU has to what few have.
typedef enum { arbex_baseline, arbex_avx2, arbex_avx512 } arbex_variant;

/// The best that this CPU has.
arbex_variant arbex_best_variant(void);
/// What this process runs: what ARBEX_KERNELS names where the CPU has it, else the best.
arbex_variant arbex_chosen_variant(void);
/// "baseline", "avx2", "avx512": the words of ARBEX_KERNELS.
const char *arbex_variant_name(arbex_variant variant);

/// Declares a loop, defined in Loops/ as ARBEX_NAME(name): `arbex_name` runs the chosen variant, `arbex_name_in` the
/// one it is given, which the CPU must have.
#ifdef __x86_64__
#define ARBEX_KERNEL(RESULT, name, PARAMETERS, ARGUMENTS)                                         \
  RESULT arbex_##name##_avx512 PARAMETERS;                                                        \
  RESULT arbex_##name##_avx2 PARAMETERS;                                                          \
  RESULT arbex_##name##_baseline PARAMETERS;                                                      \
  static inline RESULT arbex_##name##_in(arbex_variant variant, ARBEX_OPEN PARAMETERS) {          \
    if (variant == arbex_avx512) return arbex_##name##_avx512 ARGUMENTS;                          \
    if (variant == arbex_avx2) return arbex_##name##_avx2 ARGUMENTS;                              \
    return arbex_##name##_baseline ARGUMENTS;                                                     \
  }                                                                                               \
  static inline RESULT arbex_##name PARAMETERS {                                                  \
    return arbex_##name##_in(arbex_chosen_variant(), ARBEX_OPEN ARGUMENTS);                       \
  }
#else
#define ARBEX_KERNEL(RESULT, name, PARAMETERS, ARGUMENTS)                                         \
  RESULT arbex_##name##_baseline PARAMETERS;                                                      \
  static inline RESULT arbex_##name##_in(arbex_variant variant, ARBEX_OPEN PARAMETERS) {          \
    (void)variant;                                                                                \
    return arbex_##name##_baseline ARGUMENTS;                                                     \
  }                                                                                               \
  static inline RESULT arbex_##name PARAMETERS { return arbex_##name##_baseline ARGUMENTS; }
#endif
#define ARBEX_OPEN(...) __VA_ARGS__

/// Tells the CPU that this thread waits for another one: about 20 ns.
static inline void arbex_pause(void) {
#ifdef __x86_64__
  __builtin_ia32_pause();
#endif
}

// --- one value at a time -------------------------------------------------------------------------
ARBEX_KERNEL(void, fill, (float *y, float value, long n), (y, value, n))
/// y += x
ARBEX_KERNEL(void, add_into, (float *y, const float *x, long n), (y, x, n))
/// y += s x
ARBEX_KERNEL(void, scale_add_into, (float *y, const float *x, float s, long n), (y, x, s, n))
/// y[2i] = a[i], y[2i + 1] = b[i]; and back
ARBEX_KERNEL(void, interleave, (float *y, const float *a, const float *b, long n), (y, a, b, n))
ARBEX_KERNEL(void, deinterleave, (float *a, float *b, const float *y, long n), (a, b, y, n))
/// y = s x
ARBEX_KERNEL(void, scale, (float *y, const float *x, float s, long n), (y, x, s, n))
/// y = a op b; a step of 0 repeats the first element. Operations: 0 +, 1 -, 2 *, 3 /.
ARBEX_KERNEL(void, binary, (int operation, float *y, const float *a, long astep, const float *b, long bstep, long n),
             (operation, y, a, astep, b, bstep, n))
ARBEX_KERNEL(void, exp, (float *y, const float *x, long n), (y, x, n))
ARBEX_KERNEL(void, log, (float *y, const float *x, long n), (y, x, n))
ARBEX_KERNEL(void, sqrt, (float *y, const float *x, long n), (y, x, n))
ARBEX_KERNEL(void, sigmoid, (float *y, const float *x, long n), (y, x, n))
ARBEX_KERNEL(void, relu, (float *y, const float *x, long n), (y, x, n))
/// Of gradients, dx may be dy: here and in all below.
ARBEX_KERNEL(void, relu_gradient, (float *dx, const float *dy, const float *y, long n), (dx, dy, y, n))
/// x (1 + erf(x / sqrt 2)) / 2
ARBEX_KERNEL(void, gelu, (float *y, const float *x, long n), (y, x, n))
ARBEX_KERNEL(void, gelu_gradient, (float *dx, const float *dy, const float *x, long n), (dx, dy, x, n))
ARBEX_KERNEL(void, clamp, (float *y, const float *x, float lowest, float highest, long n), (y, x, lowest, highest, n))
ARBEX_KERNEL(void, clamp_gradient, (float *dx, const float *dy, const float *x, float lowest, float highest, long n),
             (dx, dy, x, lowest, highest, n))

/// What happens to a result before it leaves the cache: y = gain y + offset + addend, then max(y, 0) + slope
/// min(y, 0). Gain, offset and slope are one number per column, the addend is as large as y; each may be null, but
/// a gain needs an offset.
typedef struct { const float *gain, *offset, *addend, *slope; } arbex_epilogue;
/// The same before a convolution reads its input; what lies outside the map stays 0.
typedef struct { const float *gain, *offset, *slope; } arbex_prologue;

// --- rows of `columns` values ------------------------------------------------------------------
/// dx of what the activation was given, gain x + offset, and dslope += over these rows. Either may be null.
ARBEX_KERNEL(void, prelu_gradient, (float *dx, float *dslope, const float *dy, const float *x, arbex_prologue p,
             long rows, long columns), (dx, dslope, dy, x, p, rows, columns))
/// y[r, :] += row
ARBEX_KERNEL(void, add_row, (float *y, const float *row, long rows, long columns), (y, row, rows, columns))
/// y may be x.
ARBEX_KERNEL(void, finish_rows, (float *y, const float *x, arbex_epilogue e, long rows, long columns),
             (y, x, e, rows, columns))
/// y[c, r] = x[r, c]; rows of y lie `yrow` apart, those of x `xrow`.
ARBEX_KERNEL(void, transpose, (float *y, long yrow, const float *x, long xrow, long rows, long columns),
             (y, yrow, x, xrow, rows, columns))
/// sums += over rows
ARBEX_KERNEL(void, column_sums, (float *sums, const float *x, long rows, long columns), (sums, x, rows, columns))
ARBEX_KERNEL(void, column_square_sums, (float *sums, const float *x, const float *mean, long rows, long columns),
             (sums, x, mean, rows, columns))
/// first += dy, second += dy (x - mean) inverse, over rows. Where p has a slope, dy is the gradient of what an activation
/// of gain x + offset gave, and is brought before that first; so below.
ARBEX_KERNEL(void, normalization_sums, (float *first, float *second, const float *dy, const float *x,
             const float *mean, const float *inverse, arbex_prologue p, long rows, long columns),
             (first, second, dy, x, mean, inverse, p, rows, columns))
/// dx = scale inverse (dy - first/m - (x - mean) inverse second/m); dx may be dy.
ARBEX_KERNEL(void, batch_norm_gradient, (float *dx, const float *dy, const float *x, const float *mean,
             const float *inverse, const float *scale, const float *first, const float *second, float count,
             arbex_prologue p, long rows, long columns),
             (dx, dy, x, mean, inverse, scale, first, second, count, p, rows, columns))
ARBEX_KERNEL(float, sum, (const float *x, long n), (x, n))
ARBEX_KERNEL(void, row_sums, (float *sums, const float *x, long rows, long columns), (sums, x, rows, columns))
ARBEX_KERNEL(void, softmax, (float *y, const float *x, long rows, long columns), (y, x, rows, columns))
ARBEX_KERNEL(void, softmax_gradient, (float *dx, const float *dy, const float *y, long rows, long columns),
             (dx, dy, y, rows, columns))
ARBEX_KERNEL(void, log_softmax, (float *y, const float *x, long rows, long columns), (y, x, rows, columns))
ARBEX_KERNEL(void, log_softmax_gradient, (float *dx, const float *dy, const float *y, long rows, long columns),
             (dx, dy, y, rows, columns))
/// y = (x - mean) / sqrt(variance + epsilon) scale + offset per row; mean and inverse deviation are kept.
ARBEX_KERNEL(void, layer_norm, (float *y, float *mean, float *inverse, const float *x, const float *scale,
             const float *offset, float epsilon, long rows, long columns),
             (y, mean, inverse, x, scale, offset, epsilon, rows, columns))
/// dx, and dscale, doffset += over these rows.
ARBEX_KERNEL(void, layer_norm_gradient, (float *dx, float *dscale, float *doffset, const float *dy, const float *x,
             const float *mean, const float *inverse, const float *scale, long rows, long columns),
             (dx, dscale, doffset, dy, x, mean, inverse, scale, rows, columns))

// --- maps [N, H, W, C] -------------------------------------------------------------------------
typedef struct {
  long height, width, channels;           // of the input map
  long outHeight, outWidth;               // of the output map
  long kernelHeight, kernelWidth;
  long stride, padding;
  long dilation;                          // distance of the kernel's positions; only patches take others than 1
} arbex_window;

/// Patches of output rows [firstRow, firstRow + rows) of the flattened [N * outHeight] rows:
/// columns[pixel, (tap - firstTap) * groupChannels + c]. Only taps [firstTap, firstTap + taps) are gathered.
ARBEX_KERNEL(void, gather_patches, (float *columns, const float *x, arbex_window w, long firstRow, long rows,
             long firstChannel, long groupChannels, long firstTap, long taps),
             (columns, x, w, firstRow, rows, firstChannel, groupChannels, firstTap, taps))
/// The transpose: adds patches back into one image's map.
ARBEX_KERNEL(void, scatter_patches, (float *x, const float *columns, arbex_window w, long firstOutRow, long rows,
             long firstChannel, long groupChannels), (x, columns, w, firstOutRow, rows, firstChannel, groupChannels))
/// Depthwise convolution of output rows; weight [kernelHeight, kernelWidth, channels].
ARBEX_KERNEL(void, depthwise, (float *y, const float *x, const float *weight, arbex_window w, long firstRow,
             long rows), (y, x, weight, w, firstRow, rows))
/// Gradient for the input, rows of the flattened [N * height] rows.
ARBEX_KERNEL(void, depthwise_input_gradient, (float *dx, const float *dy, const float *weight, arbex_window w,
             long firstRow, long rows), (dx, dy, weight, w, firstRow, rows))
/// dweight [taps, channels] += over output rows.
ARBEX_KERNEL(void, depthwise_weight_gradient, (float *dweight, const float *dy, const float *x, arbex_window w,
             long firstRow, long rows), (dweight, dy, x, w, firstRow, rows))
/// Largest value per window and where it came from (offset within the image's map).
ARBEX_KERNEL(void, max_pool, (float *y, int32_t *from, const float *x, arbex_window w, long firstRow, long rows),
             (y, from, x, w, firstRow, rows))

// --- optimisers: one parameter's update -----------------------------------------------------------
typedef struct {
  float stepSize;                          // learning rate / (1 - beta1^t)
  float oneMinusBeta1, beta2, oneMinusBeta2;
  float rootCorrection2;                   // sqrt(1 - beta2^t)
  float epsilon;
  float decay, shrink;
} arbex_adam_factors;
/// `out` may be `value`, here and below.
ARBEX_KERNEL(void, adam, (float *out, const float *value, const float *gradient, float *first, float *second,
             arbex_adam_factors f, long n), (out, value, gradient, first, second, f, n))
typedef struct {
  float learningRate, momentum, oneMinusDampening, decay;
  int nesterov, isFirst;
} arbex_momentum_factors;
ARBEX_KERNEL(void, momentum, (float *out, const float *value, const float *gradient, float *velocity,
             arbex_momentum_factors f, long n), (out, value, gradient, velocity, f, n))
/// y += share (x - y)
ARBEX_KERNEL(void, blend_into, (float *y, const float *x, float share, long n), (y, x, share, n))
ARBEX_KERNEL(double, square_sum, (const float *x, long n), (x, n))
ARBEX_KERNEL(double, scaled_square_sum, (const float *x, const float *scale, long n), (x, scale, n))
ARBEX_KERNEL(long, count_nonfinite, (const float *x, long n), (x, n))

// --- 3x3 convolutions of stride 1 by Winograd's algorithm, see Loops/winograd.h; channels are multiples of 16 ---
// m is 4 or 5: outputs of a tile's side.
ARBEX_KERNEL(void, winograd_input, (long m, float *v, const float *x, arbex_prologue p, arbex_window w, long firstTile,
             long tiles), (m, v, x, p, w, firstTile, tiles))
ARBEX_KERNEL(void, winograd_output, (long m, float *y, const float *values, arbex_epilogue e, arbex_window w,
             long outputs, long firstTile, long tiles), (m, y, values, e, w, outputs, firstTile, tiles))
ARBEX_KERNEL(void, winograd_gradient, (long m, float *z, const float *dy, arbex_window w, long outputs, long firstTile,
             long tiles), (m, z, dy, w, outputs, firstTile, tiles))
ARBEX_KERNEL(void, winograd_weight, (long m, float *u, const float *g, long outputs, long inputs, long panel,
             long first, long count), (m, u, g, outputs, inputs, panel, first, count))
ARBEX_KERNEL(void, winograd_turned_weight, (long m, float *u, const float *g, long outputs, long inputs, long panel,
             long first, long count), (m, u, g, outputs, inputs, panel, first, count))
ARBEX_KERNEL(void, winograd_weight_gradient, (long m, float *dg, const float *du, long outputs, long inputs, long first,
             long count), (m, dg, du, outputs, inputs, first, count))

// --- matrix product, see Loops/multiply.h -----------------------------------------------------------
/// c (+)= scale a b; element (i, k) of a lies at i arow + k acolumn, element (k, j) of b at k brow + j bcolumn. Where
/// bcolumn is 0, b lies in panels of P columns, P = 32 with AVX-512, 16 with AVX2, 8 else: element (k, j) at
/// j / P brow + k P + j % P.
ARBEX_KERNEL(void, multiply, (const float *a, long arow, long acolumn, const float *b, long brow, long bcolumn,
             float *c, long cstride, long rows, long columns, long depth, float scale, int accumulating),
             (a, arow, acolumn, b, brow, bcolumn, c, cstride, rows, columns, depth, scale, accumulating))
/// Lays b [depth, columns] out in such panels, `depth` P apart; the columns that the last one lacks are 0.
ARBEX_KERNEL(void, pack_panels, (float *y, const float *b, long brow, long bcolumn, long depth, long columns),
             (y, b, brow, bcolumn, depth, columns))

// --- pictures: rows of pixels, each three floats (red, green, blue) next to each other ---------------
/// y[i] = sum over t of weights[t] x[t xrow + i]
ARBEX_KERNEL(void, mix_rows, (float *y, const float *x, long xrow, const float *weights, long taps, long n),
             (y, x, xrow, weights, taps, n))
/// The same of bytes, times scale.
ARBEX_KERNEL(void, mix_byte_rows, (float *y, const uint8_t *x, long xrow, const float *weights, long taps,
             float scale, long n), (y, x, xrow, weights, taps, scale, n))
/// Pixel i of each of `rows` rows: sum over t of weights[taps i + t] x[starts[i] + t]. One more float must be
/// readable behind each row of x.
ARBEX_KERNEL(void, mix_pixels, (float *y, long yrow, const float *x, long xrow, long rows, const int32_t *starts,
             const float *weights, long taps, long n), (y, yrow, x, xrow, rows, starts, weights, taps, n))
/// A straight walk over a picture: step i is at (dx s + x, dy s + y) with s = first + i, in pixels from the top left
/// one; what lies outside is held at the border.
typedef struct { float first, dx, dy, x, y; } arbex_walk;
/// The colours on the way, bilinearly between pixels, of a picture of at least 2 x 2.
ARBEX_KERNEL(void, walk_pixels, (float *y, const float *x, long width, long height, arbex_walk walk, long n),
             (y, x, width, height, walk, n))
/// y = x from its last pixel to its first; not in place. One more float must be readable behind x.
ARBEX_KERNEL(void, reverse_pixels, (float *y, const float *x, long n), (y, x, n))
/// The sum of 0.2989 red + 0.587 green + 0.114 blue.
ARBEX_KERNEL(double, lightness_sum, (const float *x, long pixels), (x, pixels))
/// x = scale x + offset, held within 0 ... 1
ARBEX_KERNEL(void, scale_within_unit, (float *x, float scale, float offset, long n), (x, scale, offset, n))
/// x = share x + (1 - share) lightness, held within 0 ... 1
ARBEX_KERNEL(void, saturate, (float *x, float share, long pixels), (x, share, pixels))
/// Turns the hue by -3 ... 3 sixths of the colour circle.
ARBEX_KERNEL(void, turn_hue, (float *x, float sixths, long pixels), (x, sixths, pixels))
/// y = (x - mean) scale, with three means and scales.
ARBEX_KERNEL(void, normalize_pixels, (float *y, const float *x, const float *mean, const float *scale, long pixels),
             (y, x, mean, scale, pixels))

#include "bfloat16.h"
