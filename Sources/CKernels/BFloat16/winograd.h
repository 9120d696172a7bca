// Winograd's F(4x4, 3x3) with transformed values in bfloat16.
//
// The algorithm evaluates polynomials at points, and what is rounded in between is magnified, the more the further
// the points lie from 1 in size and from one another in effect. Loops/winograd.h has the usual points 0, 1, -1, 2,
// -2 and infinity, at which rounding the transformed values to bfloat16 costs 2.6 % of the result's root mean square
// (normal numbers, 96 channels); at 0, 5/8, -5/8, 3/2, -3/2 and infinity it costs 1.1 %, about equal shares of it by
// each of the 36 positions. (The direct convolution costs 0.24 %; how points are chosen: Barabasz et al. 2020, Error
// analysis and improving the accuracy of Winograd convolution for deep neural networks, arXiv:1803.10986.) With points
// a, -a, b, -b:
//
//     Bᵀ d:  a²b² d0 - (a² + b²) d2 + d4,   (d4 - b² d2) ± a (d3 - b² d1),   (d4 - a² d2) ± b (d3 - a² d1),
//            a²b² d1 - (a² + b²) d3 + d5
//     G g:   g0 / a²b²,   (g0 ± a g1 + a² g2) / 2a²(a² - b²),   (g0 ± b g1 + b² g2) / 2b²(b² - a²),   g2
//     Aᵀ m:  m0 [k = 0] + aᵏ (m1 + (-1)ᵏ m2) + bᵏ (m3 + (-1)ᵏ m4) + m5 [k = 3],   k = 0 ... 3
#define POINT_A 0.625f
#define POINT_B 1.5f
#define SQUARE_A (POINT_A * POINT_A)
#define SQUARE_B (POINT_B * POINT_B)

ARBEX_INLINE void input_rows(__m512 o[6], const __m512 d[6]) {
  const __m512 aa = _mm512_set1_ps(SQUARE_A), bb = _mm512_set1_ps(SQUARE_B), a = _mm512_set1_ps(POINT_A),
               b = _mm512_set1_ps(POINT_B), product = _mm512_set1_ps(SQUARE_A * SQUARE_B),
               sum = _mm512_set1_ps(SQUARE_A + SQUARE_B);
  __m512 evenA = _mm512_fnmadd_ps(bb, d[2], d[4]), oddA = _mm512_mul_ps(a, _mm512_fnmadd_ps(bb, d[1], d[3]));
  __m512 evenB = _mm512_fnmadd_ps(aa, d[2], d[4]), oddB = _mm512_mul_ps(b, _mm512_fnmadd_ps(aa, d[1], d[3]));
  o[0] = _mm512_fmadd_ps(product, d[0], _mm512_fnmadd_ps(sum, d[2], d[4]));
  o[1] = evenA + oddA;
  o[2] = evenA - oddA;
  o[3] = evenB + oddB;
  o[4] = evenB - oddB;
  o[5] = _mm512_fmadd_ps(product, d[1], _mm512_fnmadd_ps(sum, d[3], d[5]));
}

/// Bᵀ d of 16 channels of one tile; d is the map behind its prologue, 0 outside.
ARBEX_INLINE void input_half(__m512 half[6][6], const float *map, arbex_prologue p, arbex_window w, long top, long left,
                             long c) {
  __m512 zero = _mm512_setzero_ps();
  __m512 factor = p.gain ? _mm512_loadu_ps(p.gain + c) : zero, addend = p.gain ? _mm512_loadu_ps(p.offset + c) : zero;
  __m512 slope = p.slope ? _mm512_loadu_ps(p.slope + c) : zero;
  for (int j = 0; j < 6; j++) {
    __m512 d[6], o[6];
    long at = left + j;
    ARBEX_UNROLL for (int i = 0; i < 6; i++) {
      long y = top + i;
      int inside = y >= 0 && y < w.height && at >= 0 && at < w.width;
      d[i] = inside ? _mm512_loadu_ps(map + (y * w.width + at) * w.channels + c) : zero;
      if (p.gain && inside) d[i] = _mm512_fmadd_ps(factor, d[i], addend);
      if (p.slope && inside) d[i] = bent(d[i], slope);
    }
    input_rows(o, d);
    ARBEX_UNROLL for (int i = 0; i < 6; i++) half[i][j] = o[i];
  }
}

/// Bᵀ d B of `tiles` tiles from `firstTile` on, `v[36][tiles, channels]`, as in Loops/winograd.h. 32 channels at a time
/// where there are: they fill a cache line, which is then written once.
void arbex_bf16_winograd_input(uint16_t *v, const float *x, arbex_prologue p, arbex_window w, long firstTile,
                               long tiles) {
  long C = w.channels, across = (w.outWidth + 3) / 4, perImage = across * ((w.outHeight + 3) / 4);
  long plane = tiles * C;
  for (long t = 0; t < tiles; t++) {
    long tile = firstTile + t, image = tile / perImage, inImage = tile % perImage;
    long top = inImage / across * 4 - w.padding, left = inImage % across * 4 - w.padding;
    const float *map = x + image * w.height * w.width * C;
    for (long c = 0; c < C; c += 32) {
      int both = c + 16 < C;
      __m512 half[2][6][6];
      input_half(half[0], map, p, w, top, left, c);
      if (both) input_half(half[1], map, p, w, top, left, c + 16);
      uint16_t *out = v + t * C + c;
      for (int i = 0; i < 6; i++) {
        __m512 low[6], high[6];
        input_rows(low, half[0][i]);
        if (both) input_rows(high, half[1][i]);
        ARBEX_UNROLL for (int j = 0; j < 6; j++) {
          uint16_t *to = out + (i * 6 + j) * plane;
          if (both) _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh(high[j], low[j]));
          else _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh(low[j]));
        }
      }
    }
  }
}

ARBEX_INLINE void output_rows(__m512 o[4], const __m512 m[6]) {
  const __m512 aa = _mm512_set1_ps(SQUARE_A), bb = _mm512_set1_ps(SQUARE_B), a = _mm512_set1_ps(POINT_A),
               b = _mm512_set1_ps(POINT_B), aaa = _mm512_set1_ps(SQUARE_A * POINT_A),
               bbb = _mm512_set1_ps(SQUARE_B * POINT_B);
  __m512 sumA = m[1] + m[2], gapA = m[1] - m[2], sumB = m[3] + m[4], gapB = m[3] - m[4];
  o[0] = m[0] + (sumA + sumB);
  o[1] = _mm512_fmadd_ps(a, gapA, b * gapB);
  o[2] = _mm512_fmadd_ps(aa, sumA, bb * sumB);
  o[3] = _mm512_fmadd_ps(aaa, gapA, _mm512_fmadd_ps(bbb, gapB, m[5]));
}

/// y = Aᵀ m A and its epilogue for the same tiles, `m[36][tiles, outputs]`.
void arbex_bf16_winograd_output(float *y, const float *m, arbex_epilogue e, arbex_window w, long outputs,
                                long firstTile, long tiles) {
  long across = (w.outWidth + 3) / 4, perImage = across * ((w.outHeight + 3) / 4), plane = tiles * outputs;
  for (long t = 0; t < tiles; t++) {
    long tile = firstTile + t, image = tile / perImage, inImage = tile % perImage;
    long top = inImage / across * 4, left = inImage % across * 4;
    long rows = w.outHeight - top < 4 ? w.outHeight - top : 4, columns = w.outWidth - left < 4 ? w.outWidth - left : 4;
    long place = ((image * w.outHeight + top) * w.outWidth + left) * outputs;
    for (long c = 0; c < outputs; c += 16) {
      const float *in = m + t * outputs + c;
      __m512 half[4][6], zero = _mm512_setzero_ps(), offset = e.offset ? _mm512_loadu_ps(e.offset + c) : zero;
      __m512 gain = e.gain ? _mm512_loadu_ps(e.gain + c) : _mm512_set1_ps(1);
      __m512 slope = e.slope ? _mm512_loadu_ps(e.slope + c) : zero;
      for (int j = 0; j < 6; j++) {
        __m512 d[6], o[4];
        ARBEX_UNROLL for (int i = 0; i < 6; i++) d[i] = _mm512_loadu_ps(in + (i * 6 + j) * plane);
        output_rows(o, d);
        ARBEX_UNROLL for (int i = 0; i < 4; i++) half[i][j] = o[i];
      }
      for (int i = 0; i < rows; i++) {
        __m512 o[4];
        output_rows(o, half[i]);
        for (int j = 0; j < columns; j++) {
          long at = place + (i * w.outWidth + j) * outputs + c;
          __m512 value = _mm512_fmadd_ps(gain, o[j], offset);
          if (e.addend) value += _mm512_loadu_ps(e.addend + at);
          if (e.slope)
            value = _mm512_fmadd_ps(slope, _mm512_min_ps(value, zero), _mm512_max_ps(value, zero));
          _mm512_storeu_ps(y + at, value);
        }
      }
    }
  }
}

ARBEX_INLINE void weight_rows(__m512 o[6], __m512 g0, __m512 g1, __m512 g2) {
  const float forA = 1 / (2 * SQUARE_A * (SQUARE_A - SQUARE_B)), forB = 1 / (2 * SQUARE_B * (SQUARE_B - SQUARE_A));
  __m512 evenA = forA * g0 + (forA * SQUARE_A) * g2, oddA = (forA * POINT_A) * g1;
  __m512 evenB = forB * g0 + (forB * SQUARE_B) * g2, oddB = (forB * POINT_B) * g1;
  o[0] = (1 / (SQUARE_A * SQUARE_B)) * g0;
  o[1] = evenA + oddA;
  o[2] = evenA - oddA;
  o[3] = evenB + oddB;
  o[4] = evenB - oddB;
  o[5] = g2;
}

void arbex_bf16_winograd_weight(uint16_t *u, const float *g, long outputs, long inputs, long first, long count) {
  long plane = (outputs + BF16_PANEL - 1) / BF16_PANEL * BF16_PANEL * inputs;
  float tile[36][BF16_PANEL][16] __attribute__((aligned(64)));
  for (long o = first; o < first + count; o += BF16_PANEL) {
    long wide = first + count - o < BF16_PANEL ? first + count - o : BF16_PANEL;
    for (long c = 0; c < inputs; c += 16) {
      for (long column = 0; column < wide; column++) {
        const float *taps = g + (o + column) * 9 * inputs + c;
        __m512 half[6][3], rows[6];
        for (int b = 0; b < 3; b++) {
          weight_rows(rows, _mm512_loadu_ps(taps + b * inputs), _mm512_loadu_ps(taps + (3 + b) * inputs),
                      _mm512_loadu_ps(taps + (6 + b) * inputs));
          for (int i = 0; i < 6; i++) half[i][b] = rows[i];
        }
        for (int i = 0; i < 6; i++) {
          weight_rows(rows, half[i][0], half[i][1], half[i][2]);
          for (int j = 0; j < 6; j++) _mm512_store_ps(tile[i * 6 + j][column], rows[j]);
        }
      }
      for (int position = 0; position < 36; position++)
        arbex_bf16_pack(u + position * plane + o * inputs + c * BF16_PANEL, tile[position][0], 1, 16, 16, wide);
    }
  }
}
