// The matrix product of bfloat16 with sums in float, and what brings its factors into form. As in Loops/multiply.h,
// panels of B's columns lie packed and rows of A are broadcast against them; here an element is a pair of neighbours
// along the depth, whose products one instruction adds to a float. Each element of C is summed over the depth in one
// fixed order, whatever the number of rows.
typedef int pairs __attribute__((vector_size(64), aligned(4)));
enum { BF16_ROWS = 12, BF16_PANEL = 32, BF16_DEPTH = 512 };

/// The lanes [0, count) of 16.
ARBEX_INLINE __mmask16 first_lanes(long count) { return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1); }

/// x > 0 ? x : slope x. A NaN goes through.
ARBEX_INLINE __m512 bent(__m512 x, __m512 slope) {
  __mmask16 positive = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ);
  return _mm512_mask_mul_ps(_mm512_mul_ps(x, slope), positive, x, _mm512_set1_ps(1));
}

void arbex_bf16_convert(uint16_t *y, long yrow, const float *x, long xrow, arbex_prologue p, long rows, long columns) {
  long even = (columns + 1) / 2 * 2;
  for (long r = 0; r < rows; r++, x += xrow, y += yrow)
    for (long c = 0; c < columns; c += 16) {
      __mmask16 lanes = first_lanes(columns - c);
      __m512 value = _mm512_maskz_loadu_ps(lanes, x + c);
      if (p.gain)
        value = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(lanes, p.gain + c), value, _mm512_maskz_loadu_ps(lanes, p.offset + c));
      if (p.slope) value = bent(value, _mm512_maskz_loadu_ps(lanes, p.slope + c));
      _mm256_mask_storeu_epi16(y + c, first_lanes(even - c), (__m256i)_mm512_cvtneps_pbh(value));
    }
}

/// Two rows of 16 columns as pairs (first[j], second[j]).
ARBEX_INLINE __m512i zip_rows(__m512 first, __m512 second) {
  __m512i both = (__m512i)_mm512_cvtne2ps_pbh(second, first);
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                         20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, both);
}

/// 32 numbers along the depth of each of 16 columns: 16 pairs, columns side by side. See transpose in Loops/multiply.h.
ARBEX_INLINE void pack_square(uint16_t *y, const float *b, long bcolumn, long depth, long columns) {
  pairs from[16], to[16];
  ARBEX_UNROLL for (int j = 0; j < 16; j++) {
    if (j < columns) {
      const float *x = b + j * bcolumn;
      from[j] = (pairs)_mm512_cvtne2ps_pbh(
          _mm512_maskz_loadu_ps(depth > 16 ? first_lanes(depth - 16) : 0, x + 16), _mm512_maskz_loadu_ps(first_lanes(depth), x));
    } else {
      from[j] = (pairs){0};
    }
  }
  ARBEX_UNROLL for (int done = 1; done < 16; done *= 2) {
    ARBEX_UNROLL for (int j = 0; j < 8; j++) {
      to[2 * j] = __builtin_shufflevector(from[j], from[j + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      to[2 * j + 1] =
          __builtin_shufflevector(from[j], from[j + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    ARBEX_UNROLL for (int j = 0; j < 16; j++) from[j] = to[j];
  }
  ARBEX_UNROLL for (int k = 0; k < 16; k++)
    if (2 * k < depth) _mm512_storeu_si512(y + k * 2 * BF16_PANEL, (__m512i)from[k]);
}

void arbex_bf16_pack(uint16_t *y, const float *b, long brow, long bcolumn, long depth, long columns) {
  long even = (depth + 1) / 2 * 2;
  for (long j = 0; j < columns; j += BF16_PANEL, y += even * BF16_PANEL)
    for (long half = 0; half < BF16_PANEL; half += 16) {
      long wide = columns - j - half;
      if (bcolumn == 1) {
        __mmask16 lanes = wide > 0 ? first_lanes(wide) : 0;
        for (long k = 0; k < depth; k += 2) {
          const float *x = b + k * brow + j + half;
          __m512 first = _mm512_maskz_loadu_ps(lanes, x);
          __m512 second = _mm512_maskz_loadu_ps(k + 1 < depth ? lanes : 0, x + brow);
          _mm512_storeu_si512(y + k * BF16_PANEL + 2 * half, zip_rows(first, second));
        }
      } else {
        for (long k = 0; k < depth; k += 32)
          pack_square(y + k * BF16_PANEL + 2 * half, b + (j + half) * bcolumn + k, bcolumn, depth - k, wide);
      }
    }
}

/// c (+)= scale a b over `depth`, even, for R rows and 32 columns, of which those of the masks are there.
ARBEX_INLINE void bf16_block(int R, const uint16_t *a, long arow, const uint16_t *b, float *c, long cstride, long depth,
                             float scale, int adding, __mmask16 first, __mmask16 second) {
  __m512 left[BF16_ROWS], right[BF16_ROWS];
  ARBEX_UNROLL for (int r = 0; r < R; r++) left[r] = right[r] = _mm512_setzero_ps();
  for (long k = 0; k < depth; k += 2, b += 2 * BF16_PANEL) {
    __m512bh b0 = (__m512bh)_mm512_loadu_si512(b), b1 = (__m512bh)_mm512_loadu_si512(b + BF16_PANEL);
    ARBEX_UNROLL for (int r = 0; r < R; r++) {
      int pair;
      memcpy(&pair, a + r * arow + k, sizeof pair);
      __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
      left[r] = _mm512_dpbf16_ps(left[r], x, b0);
      right[r] = _mm512_dpbf16_ps(right[r], x, b1);
    }
  }
  __m512 factor = _mm512_set1_ps(scale);
  ARBEX_UNROLL for (int r = 0; r < R; r++) {
    float *to = c + r * cstride;
    __m512 x = _mm512_mul_ps(factor, left[r]), y = _mm512_mul_ps(factor, right[r]);
    if (adding) {
      x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(first, to));
      y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(second, to + 16));
    }
    _mm512_mask_storeu_ps(to, first, x);
    _mm512_mask_storeu_ps(to + 16, second, y);
  }
}

#define ARBEX_BF16_BLOCK(R)                                                                                          \
  static void bf16_block##R(const uint16_t *a, long arow, const uint16_t *b, float *c, long cstride, long depth,     \
                            float scale, int adding, __mmask16 first, __mmask16 second) {                            \
    bf16_block(R, a, arow, b, c, cstride, depth, scale, adding, first, second);                                      \
  }
ARBEX_BF16_BLOCK(1)
ARBEX_BF16_BLOCK(2)
ARBEX_BF16_BLOCK(3)
ARBEX_BF16_BLOCK(4)
ARBEX_BF16_BLOCK(5)
ARBEX_BF16_BLOCK(6)
ARBEX_BF16_BLOCK(7)
ARBEX_BF16_BLOCK(8)
ARBEX_BF16_BLOCK(9)
ARBEX_BF16_BLOCK(10)
ARBEX_BF16_BLOCK(11)
ARBEX_BF16_BLOCK(12)

typedef void (*bf16_block_of_rows)(const uint16_t *, long, const uint16_t *, float *, long, long, float, int, __mmask16,
                                   __mmask16);
static const bf16_block_of_rows bf16_blocks[BF16_ROWS + 1] = {
    0, bf16_block1, bf16_block2, bf16_block3, bf16_block4, bf16_block5, bf16_block6,
    bf16_block7, bf16_block8, bf16_block9, bf16_block10, bf16_block11, bf16_block12,
};

void arbex_bf16_multiply(const uint16_t *a, long arow, const uint16_t *b, float *c, long cstride, long rows,
                         long columns, long depth, float scale) {
  long even = (depth + 1) / 2 * 2;
  for (long k = 0; k < even; k += BF16_DEPTH) {
    long deep = even - k < BF16_DEPTH ? even - k : BF16_DEPTH;
    for (long j = 0; j < columns; j += BF16_PANEL) {
      long wide = columns - j;
      __mmask16 first = first_lanes(wide), second = wide > 16 ? first_lanes(wide - 16) : 0;
      for (long i = 0; i < rows; i += BF16_ROWS) {
        long high = rows - i < BF16_ROWS ? rows - i : BF16_ROWS;
        bf16_blocks[high](a + i * arow + k, arow, b + j * even + k * BF16_PANEL, c + i * cstride + j, cstride, deep,
                          scale, k > 0, first, second);
      }
    }
  }
}

void arbex_bf16_gather(uint16_t *patches, long stride, const uint16_t *x, arbex_window w, long firstRow, long rows) {
  size_t one = sizeof(uint16_t) * (size_t)w.channels, run = one * (size_t)w.kernelWidth;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const uint16_t *map = x + (row / w.outHeight) * w.height * w.width * w.channels;
    long top = (row % w.outHeight) * w.stride - w.padding;
    for (long column = 0; column < w.outWidth; column++, patches += stride) {
      long left = column * w.stride - w.padding;
      uint16_t *to = patches;
      for (long i = 0; i < w.kernelHeight; i++) {
        long y = top + i;
        const uint16_t *from = map + (y * w.width + left) * w.channels;
        if (y < 0 || y >= w.height) {
          memset(to, 0, run);
          to += w.kernelWidth * w.channels;
        } else if (left >= 0 && left + w.kernelWidth <= w.width) {
          memcpy(to, from, run);
          to += w.kernelWidth * w.channels;
        } else {
          for (long j = 0; j < w.kernelWidth; j++, to += w.channels, from += w.channels)
            if (left + j < 0 || left + j >= w.width) memset(to, 0, one);
            else memcpy(to, from, one);
        }
      }
    }
  }
}
