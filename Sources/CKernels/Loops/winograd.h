// Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016, section 4.3): tiles of 4x4 outputs from 6x6
// inputs with 36 multiplications per channel pair instead of 144.
//
//     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
// A vector of channels at a time; a tile's 36 values lie `plane` floats apart, so that each is one matrix of a product.
static const vector nothing = {0};

// Bᵀ d, in place over six vectors `step` apart.
#define ARBEX_INPUT_ROWS(o0, o1, o2, o3, o4, o5, d0, d1, d2, d3, d4, d5) \
  o0 = 4.0f * (d0) - 5.0f * (d2) + (d4);                                 \
  o1 = ((d4) - 4.0f * (d2)) + ((d3) - 4.0f * (d1));                      \
  o2 = ((d4) - 4.0f * (d2)) - ((d3) - 4.0f * (d1));                      \
  o3 = ((d4) - (d2)) + 2.0f * ((d3) - (d1));                             \
  o4 = ((d4) - (d2)) - 2.0f * ((d3) - (d1));                             \
  o5 = 4.0f * (d1) - 5.0f * (d3) + (d5);

typedef int choice __attribute__((vector_size(4 * ARBEX_WIDTH), aligned(4)));
/// x > 0 ? x : slope x. A NaN goes through, so that the trainer sees it.
ARBEX_INLINE vector bent(vector x, vector slope) {
  choice positive = x > nothing;
  return x * (vector)((positive & (choice)(nothing + 1.0f)) | (~positive & (choice)slope));
}

/// Bᵀ d B of `tiles` tiles from `firstTile` on, `v[36][tiles, channels]`; d is the map behind its prologue, 0 outside.
void ARBEX_NAME(winograd_input)(float *v, const float *x, arbex_prologue p, arbex_window w, long firstTile,
                                long tiles) {
  long C = w.channels, across = (w.outWidth + 3) / 4, perImage = across * ((w.outHeight + 3) / 4);
  long plane = tiles * C;
  for (long t = 0; t < tiles; t++) {
    long tile = firstTile + t, image = tile / perImage, inImage = tile % perImage;
    long top = inImage / across * 4 - w.padding, left = inImage % across * 4 - w.padding;
    const float *map = x + image * w.height * w.width * C;
    for (long c = 0; c < C; c += WIDTH) {
      vector half[6][6], factor = p.gain ? ARBEX_LOAD(p.gain + c) : nothing;
      vector addend = p.offset ? ARBEX_LOAD(p.offset + c) : nothing;
      vector slope = p.slope ? ARBEX_LOAD(p.slope + c) : nothing;
      for (int j = 0; j < 6; j++) {
        vector d[6];
        long at = left + j;
        for (int i = 0; i < 6; i++) {
          long y = top + i;
          int inside = y >= 0 && y < w.height && at >= 0 && at < w.width;
          d[i] = inside ? ARBEX_LOAD(map + (y * w.width + at) * C + c) : nothing;
          if (p.gain && inside) d[i] = factor * d[i] + addend;
          if (p.slope && inside) d[i] = bent(d[i], slope);
        }
        ARBEX_INPUT_ROWS(half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j], d[0], d[1], d[2], d[3],
                         d[4], d[5])
      }
      float *out = v + t * C + c;
      for (int i = 0; i < 6; i++) {
        vector o[6];
        ARBEX_INPUT_ROWS(o[0], o[1], o[2], o[3], o[4], o[5], half[i][0], half[i][1], half[i][2], half[i][3], half[i][4],
                         half[i][5])
        for (int j = 0; j < 6; j++) ARBEX_STORE(out + (i * 6 + j) * plane, o[j]);
      }
    }
  }
}

// Aᵀ m: four outputs of six values.
#define ARBEX_OUTPUT_ROWS(o0, o1, o2, o3, m0, m1, m2, m3, m4, m5) \
  o0 = (m0) + ((m1) + (m2)) + ((m3) + (m4));                      \
  o1 = ((m1) - (m2)) + 2.0f * ((m3) - (m4));                      \
  o2 = ((m1) + (m2)) + 4.0f * ((m3) + (m4));                      \
  o3 = ((m1) - (m2)) + 8.0f * ((m3) - (m4)) + (m5);

/// y = Aᵀ m A and its epilogue for the same tiles, `m[36][tiles, outputs]`.
void ARBEX_NAME(winograd_output)(float *y, const float *m, arbex_epilogue e, arbex_window w, long outputs,
                                 long firstTile, long tiles) {
  long across = (w.outWidth + 3) / 4, perImage = across * ((w.outHeight + 3) / 4), plane = tiles * outputs;
  for (long t = 0; t < tiles; t++) {
    long tile = firstTile + t, image = tile / perImage, inImage = tile % perImage;
    long top = inImage / across * 4, left = inImage % across * 4;
    long rows = w.outHeight - top < 4 ? w.outHeight - top : 4, columns = w.outWidth - left < 4 ? w.outWidth - left : 4;
    long place = ((image * w.outHeight + top) * w.outWidth + left) * outputs;
    for (long c = 0; c < outputs; c += WIDTH) {
      const float *in = m + t * outputs + c;
      vector half[4][6], offset = e.offset ? ARBEX_LOAD(e.offset + c) : nothing;
      vector gain = e.gain ? ARBEX_LOAD(e.gain + c) : nothing + 1.0f;
      vector slope = e.slope ? ARBEX_LOAD(e.slope + c) : nothing;
      for (int j = 0; j < 6; j++) {
        vector d[6];
        for (int i = 0; i < 6; i++) d[i] = ARBEX_LOAD(in + (i * 6 + j) * plane);
        ARBEX_OUTPUT_ROWS(half[0][j], half[1][j], half[2][j], half[3][j], d[0], d[1], d[2], d[3], d[4], d[5])
      }
      for (int i = 0; i < 4; i++) {
        vector o[4];
        vector *h = half[i];
        ARBEX_OUTPUT_ROWS(o[0], o[1], o[2], o[3], h[0], h[1], h[2], h[3], h[4], h[5])
        if (i < rows)
          for (int j = 0; j < columns; j++) {
            long at = place + (i * w.outWidth + j) * outputs + c;
            vector value = gain * o[j] + offset;
            if (e.addend) value += ARBEX_LOAD(e.addend + at);
            if (e.slope)
              value = __builtin_elementwise_max(value, nothing) + slope * __builtin_elementwise_min(value, nothing);
            ARBEX_STORE(y + at, value);
          }
      }
    }
  }
}

// A g: six values of four, the transpose of the output transform.
#define ARBEX_GRADIENT_ROWS(o0, o1, o2, o3, o4, o5, g0, g1, g2, g3) \
  o0 = (g0);                                                        \
  o1 = ((g0) + (g2)) + ((g1) + (g3));                               \
  o2 = ((g0) + (g2)) - ((g1) + (g3));                               \
  o3 = ((g0) + 4.0f * (g2)) + (2.0f * (g1) + 8.0f * (g3));          \
  o4 = ((g0) + 4.0f * (g2)) - (2.0f * (g1) + 8.0f * (g3));          \
  o5 = (g3);

/// A g Aᵀ of the output's gradient, `z[36][tiles, outputs]`.
void ARBEX_NAME(winograd_gradient)(float *z, const float *dy, arbex_window w, long outputs, long firstTile,
                                   long tiles) {
  long across = (w.outWidth + 3) / 4, perImage = across * ((w.outHeight + 3) / 4), plane = tiles * outputs;
  for (long t = 0; t < tiles; t++) {
    long tile = firstTile + t, image = tile / perImage, inImage = tile % perImage;
    long top = inImage / across * 4, left = inImage % across * 4;
    const float *map = dy + ((image * w.outHeight + top) * w.outWidth + left) * outputs;
    for (long c = 0; c < outputs; c += WIDTH) {
      vector half[6][4];
      for (int j = 0; j < 4; j++) {
        vector g[4];
        for (int i = 0; i < 4; i++) {
          int inside = top + i < w.outHeight && left + j < w.outWidth;
          g[i] = inside ? ARBEX_LOAD(map + (i * w.outWidth + j) * outputs + c) : nothing;
        }
        ARBEX_GRADIENT_ROWS(half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j], g[0], g[1], g[2],
                            g[3])
      }
      float *out = z + t * outputs + c;
      for (int i = 0; i < 6; i++) {
        vector o[6];
        ARBEX_GRADIENT_ROWS(o[0], o[1], o[2], o[3], o[4], o[5], half[i][0], half[i][1], half[i][2], half[i][3])
        for (int j = 0; j < 6; j++) ARBEX_STORE(out + (i * 6 + j) * plane, o[j]);
      }
    }
  }
}

static const float G[6][3] = {{0.25f, 0, 0},
                              {-1 / 6.0f, -1 / 6.0f, -1 / 6.0f},
                              {-1 / 6.0f, 1 / 6.0f, -1 / 6.0f},
                              {1 / 24.0f, 1 / 12.0f, 1 / 6.0f},
                              {1 / 24.0f, -1 / 12.0f, 1 / 6.0f},
                              {0, 0, 1}};

// G g: six values of three.
#define ARBEX_WEIGHT_ROWS(o0, o1, o2, o3, o4, o5, g0, g1, g2)                 \
  o0 = 0.25f * (g0);                                                          \
  o1 = (-1 / 6.0f) * ((g0) + (g2)) - (1 / 6.0f) * (g1);                       \
  o2 = (-1 / 6.0f) * ((g0) + (g2)) + (1 / 6.0f) * (g1);                       \
  o3 = ((1 / 24.0f) * (g0) + (1 / 6.0f) * (g2)) + (1 / 12.0f) * (g1);         \
  o4 = ((1 / 24.0f) * (g0) + (1 / 6.0f) * (g2)) - (1 / 12.0f) * (g1);         \
  o5 = (g2);

/// G g Gᵀ of the nine vectors of g into vectors that lie `plane` apart.
ARBEX_INLINE void transform_weight(float *u, long plane, const vector g[9]) {
  vector half[6][3];
  ARBEX_UNROLL for (int b = 0; b < 3; b++) {
    ARBEX_WEIGHT_ROWS(half[0][b], half[1][b], half[2][b], half[3][b], half[4][b], half[5][b], g[b], g[3 + b], g[6 + b])
  }
  ARBEX_UNROLL for (int i = 0; i < 6; i++) {
    vector o[6];
    ARBEX_WEIGHT_ROWS(o[0], o[1], o[2], o[3], o[4], o[5], half[i][0], half[i][1], half[i][2])
    ARBEX_UNROLL for (int j = 0; j < 6; j++) ARBEX_STORE(u + (i * 6 + j) * plane, o[j]);
  }
}

/// u[36][inputs, outputs] = G g Gᵀ of rows [first, first + count) of g [outputs, 9, inputs], each of the 36 in panels of
/// `panel` columns; count is a multiple of 16.
void ARBEX_NAME(winograd_weight)(float *u, const float *g, long outputs, long inputs, long panel, long first,
                                 long count) {
  long plane = (outputs + panel - 1) / panel * panel * inputs;
  float tile[9][WIDTH * WIDTH] __attribute__((aligned(64)));
  for (long o = first; o < first + count; o += WIDTH)
    for (long c = 0; c < inputs; c += WIDTH) {
      for (int tap = 0; tap < 9; tap++) transpose(tile[tap], WIDTH, g + (o * 9 + tap) * inputs + c, 9 * inputs, WIDTH);
      for (int r = 0; r < WIDTH; r++) {
        vector taps[9];
        for (int tap = 0; tap < 9; tap++) taps[tap] = ARBEX_LOAD(tile[tap] + r * WIDTH);
        transform_weight(u + o / panel * panel * inputs + (c + r) * panel + o % panel, plane, taps);
      }
    }
}

/// The same of the kernel that carries gradients back, turned by half a circle: u[36][outputs, inputs].
void ARBEX_NAME(winograd_turned_weight)(float *u, const float *g, long outputs, long inputs, long panel, long first,
                                        long count) {
  long plane = (inputs + panel - 1) / panel * panel * outputs;
  for (long o = first; o < first + count; o++)
    for (long c = 0; c < inputs; c += WIDTH) {
      vector taps[9];
      for (int tap = 0; tap < 9; tap++) taps[tap] = ARBEX_LOAD(g + (o * 9 + 8 - tap) * inputs + c);
      transform_weight(u + c / panel * panel * outputs + o * panel + c % panel, plane, taps);
    }
}

/// dg[outputs, 9, inputs] = Gᵀ du G, rows [first, first + count).
void ARBEX_NAME(winograd_weight_gradient)(float *dg, const float *du, long outputs, long inputs, long first,
                                          long count) {
  long plane = outputs * inputs;
  for (long o = first; o < first + count; o++)
    for (int a = 0; a < 3; a++)
      for (int b = 0; b < 3; b++) {
        float *to = dg + (o * 9 + a * 3 + b) * inputs;
        for (long c = 0; c < inputs; c++) to[c] = 0;
        for (int i = 0; i < 6; i++)
          for (int j = 0; j < 6; j++) {
            float factor = G[i][a] * G[j][b];
            if (factor == 0) continue;
            const float *from = du + (i * 6 + j) * plane + o * inputs;
            for (long c = 0; c < inputs; c++) to[c] += factor * from[c];
          }
      }
}
