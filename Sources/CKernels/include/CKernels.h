/// Plain loops over floats that the compiler vectorises, compiled for AVX-512, AVX2 and baseline x86-64; the
/// loader picks the clone that fits the CPU. No state, no allocation, no policy: callers cut the work.
#pragma once
#include <stdint.h>

// --- one value at a time -------------------------------------------------------------------------
void arbex_fill(float *y, float value, long n);
void arbex_add_into(float *y, const float *x, long n);                  // y += x
void arbex_scale_add_into(float *y, const float *x, float s, long n);   // y += s x
void arbex_scale(float *y, const float *x, float s, long n);            // y = s x
/// y = a op b; a step of 0 repeats the first element. Operations: 0 +, 1 -, 2 *, 3 /.
void arbex_binary(int operation, float *y, const float *a, long astep, const float *b, long bstep, long n);
void arbex_exp(float *y, const float *x, long n);
void arbex_log(float *y, const float *x, long n);
void arbex_sqrt(float *y, const float *x, long n);
void arbex_sigmoid(float *y, const float *x, long n);
void arbex_relu(float *y, const float *x, long n);
void arbex_relu_gradient(float *dx, const float *dy, const float *y, long n);
void arbex_gelu(float *y, const float *x, long n);                      // x (1 + erf(x / sqrt 2)) / 2
void arbex_gelu_gradient(float *dx, const float *dy, const float *x, long n);
void arbex_clamp_min(float *y, const float *x, float lowest, long n);
void arbex_clamp_min_gradient(float *dx, const float *dy, const float *x, float lowest, long n);

// --- rows of `columns` values ------------------------------------------------------------------
void arbex_prelu(float *y, const float *x, const float *slope, long rows, long columns);
/// dx, and dslope += over these rows. Either may be null.
void arbex_prelu_gradient(float *dx, float *dslope, const float *dy, const float *x, const float *slope, long rows,
                          long columns);
void arbex_add_row(float *y, const float *row, long rows, long columns);             // y[r, :] += row
void arbex_column_sums(float *sums, const float *x, long rows, long columns);        // sums += over rows
void arbex_column_square_sums(float *sums, const float *x, const float *mean, long rows, long columns);
/// first += dy, second += dy (x - mean) inverse, over rows
void arbex_normalization_sums(float *first, float *second, const float *dy, const float *x, const float *mean,
                              const float *inverse, long rows, long columns);
void arbex_scale_offset_rows(float *y, const float *x, const float *scale, const float *offset, long rows,
                             long columns);                                        // y = x scale + offset
/// dx = scale inverse (dy - first/m - (x - mean) inverse second/m)
void arbex_batch_norm_gradient(float *dx, const float *dy, const float *x, const float *mean, const float *inverse,
                               const float *scale, const float *first, const float *second, float count, long rows,
                               long columns);
float arbex_sum(const float *x, long n);
void arbex_row_sums(float *sums, const float *x, long rows, long columns);
void arbex_softmax(float *y, const float *x, long rows, long columns);
void arbex_softmax_gradient(float *dx, const float *dy, const float *y, long rows, long columns);
void arbex_log_softmax(float *y, const float *x, long rows, long columns);
void arbex_log_softmax_gradient(float *dx, const float *dy, const float *y, long rows, long columns);
/// y = (x - mean) / sqrt(variance + epsilon) scale + offset per row; mean and inverse deviation are kept.
void arbex_layer_norm(float *y, float *mean, float *inverse, const float *x, const float *scale, const float *offset,
                      float epsilon, long rows, long columns);
/// dx, and dscale, doffset += over these rows.
void arbex_layer_norm_gradient(float *dx, float *dscale, float *doffset, const float *dy, const float *x,
                               const float *mean, const float *inverse, const float *scale, long rows, long columns);

// --- maps [N, H, W, C] -------------------------------------------------------------------------
typedef struct {
  long height, width, channels;           // of the input map
  long outHeight, outWidth;               // of the output map
  long kernelHeight, kernelWidth;
  long stride, padding;
} arbex_window;

/// Patches of output rows [firstRow, firstRow + rows) of the flattened [N * outHeight] rows:
/// columns[pixel, (tap - firstTap) * groupChannels + c]. Only taps [firstTap, firstTap + taps) are gathered.
void arbex_gather_patches(float *columns, const float *x, arbex_window w, long firstRow, long rows,
                          long firstChannel, long groupChannels, long firstTap, long taps);
/// The transpose: adds patches back into one image's map.
void arbex_scatter_patches(float *x, const float *columns, arbex_window w, long firstOutRow, long rows,
                           long firstChannel, long groupChannels);
/// Depthwise convolution of output rows; weight [kernelHeight, kernelWidth, channels], bias may be null.
void arbex_depthwise(float *y, const float *x, const float *weight, const float *bias, arbex_window w, long firstRow,
                     long rows);
/// Gradient for the input, rows of the flattened [N * height] rows.
void arbex_depthwise_input_gradient(float *dx, const float *dy, const float *weight, arbex_window w, long firstRow,
                                    long rows);
/// dweight [taps, channels] += over output rows.
void arbex_depthwise_weight_gradient(float *dweight, const float *dy, const float *x, arbex_window w, long firstRow,
                                     long rows);
/// Largest value per window and where it came from (offset within the image's map).
void arbex_max_pool(float *y, int32_t *from, const float *x, arbex_window w, long firstRow, long rows);

// --- optimisers: one parameter's update -----------------------------------------------------------
typedef struct {
  float stepSize;                          // learning rate / (1 - beta1^t)
  float oneMinusBeta1, beta2, oneMinusBeta2;
  float rootCorrection2;                   // sqrt(1 - beta2^t)
  float epsilon;
  float decay, shrink;
} arbex_adam_factors;
void arbex_adam(float *out, const float *value, const float *gradient, float *first, float *second,
                arbex_adam_factors f, long n);
typedef struct {
  float learningRate, momentum, oneMinusDampening, decay;
  int nesterov, isFirst;
} arbex_momentum_factors;
void arbex_momentum(float *out, const float *value, const float *gradient, float *velocity, arbex_momentum_factors f,
                    long n);
void arbex_blend_into(float *y, const float *x, float share, long n);    // y += share (x - y)
double arbex_square_sum(const float *x, long n);
double arbex_scaled_square_sum(const float *x, const float *scale, long n);
long arbex_count_nonfinite(const float *x, long n);

// --- 3x3 convolutions of stride 1 by Winograd's algorithm, see winograd.c; channels are multiples of 16 -------------
void arbex_winograd_input(float *v, const float *x, arbex_window w, long firstTile, long tiles);
void arbex_winograd_output(float *y, const float *m, const float *bias, arbex_window w, long outputs, long firstTile,
                           long tiles);
void arbex_winograd_gradient(float *z, const float *dy, arbex_window w, long outputs, long firstTile, long tiles);
void arbex_winograd_weight(float *u, const float *g, long outputs, long inputs, long first, long count);
void arbex_winograd_weight_gradient(float *dg, const float *du, long outputs, long inputs, long first, long count);

// --- matrix product, see multiply.c; only where arbex_has_avx512() ----------------------------------------
int arbex_has_avx512(void);
/// c (+)= scale a b; element (i, k) of a lies at i arow + k acolumn, element (k, j) of b at k brow + j bcolumn.
void arbex_multiply(const float *a, long arow, long acolumn, const float *b, long brow, long bcolumn, float *c,
                    long cstride, long rows, long columns, long depth, float scale, int accumulating);
