// Every loop, once; the files of this folder are compiled for each variant with these set:
// ARBEX_NAME(name)  the name of a loop in this variant
// ARBEX_WIDTH       floats in a vector register
// ARBEX_ROWS        rows of a block of the matrix product
enum { WIDTH = ARBEX_WIDTH };
/// As many floats as a register holds, at any address of a float.
typedef float vector __attribute__((vector_size(4 * ARBEX_WIDTH), aligned(4)));
#define ARBEX_LOAD(p) (*(const vector *)(p))
#define ARBEX_STORE(p, v) (*(vector *)(p) = (v))
static const vector nothing = {0};

/// Lets a reduction be vectorised: the order of summation is then fixed by the vector width of the variant.
#define ARBEX_REASSOCIATE _Pragma("clang fp reassociate(on) contract(fast)")
/// Each step of the loop is independent, also where the result overwrites an operand.
#define ARBEX_IN_PLACE _Pragma("clang loop vectorize(assume_safety)")
#define ARBEX_UNROLL _Pragma("clang loop unroll(full)")
#define ARBEX_INLINE static inline __attribute__((always_inline))

/// All ones in the lanes that are chosen, else 0.
typedef int choice __attribute__((vector_size(4 * ARBEX_WIDTH), aligned(4)));
ARBEX_INLINE vector chosen(choice lanes, vector x, vector otherwise) {
  return (vector)((lanes & (choice)x) | (~lanes & (choice)otherwise));
}
/// x > 0 ? x : slope x. A NaN goes through, so that the trainer sees it.
ARBEX_INLINE vector bent(vector x, vector slope) { return x * chosen(x > nothing, nothing + 1.0f, slope); }
/// Where the vector of the channels from `next` on begins: the last one ends with the last channel and overlaps the one
/// before it, which works out the same numbers twice instead of some alone.
ARBEX_INLINE long last_vector(long next, long C) { return next + WIDTH <= C ? next : C - WIDTH; }

/// e^x, relative error below 2e-7. x = n ln 2 + r with |r| <= ln 2 / 2; the polynomial is Cephes' expf
/// (Moshier 1992); 2^n is built in the exponent bits. Results below the smallest normal number become 0. What is not a
/// number is held at the lower bound, since its conversion to int is undefined, and is given back in the end.
ARBEX_INLINE float arbex_expf(float x) {
  float above = x > -87.3f ? x : -87.3f;
  float clamped = above < 88.7f ? above : 88.7f;
  float n = clamped * 1.44269504088896341f + 12582912.0f - 12582912.0f;  // 1.5 * 2^23: no room for a fraction
  float r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  float e = p * (r * r) + r + 1.0f;
  int half = (int)n >> 1;
  int rest = (int)n - half;
  union { int i; float f; } first = {(half + 127) << 23}, second = {(rest + 127) << 23};
  float y = e * first.f * second.f;
  y = x < -87.3f ? 0.0f : y;
  y = x > 88.72284f ? __builtin_inff() : y;
  return x != x ? x : y;
}

/// erfc(x) for x >= 0, absolute error below 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26).
ARBEX_INLINE float arbex_erfc_positive(float x) {
  float t = 1.0f / (1.0f + 0.3275911f * x);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  return p * t * arbex_expf(-x * x);
}

#include "elementwise.h"
#include "images.h"
#include "maps.h"
#include "multiply.h"
#include "optimizers.h"
#include "pooling.h"
#include "rows.h"
#include "winograd.h"
