// 3x3 convolutions of stride 1 by Winograd's minimal filtering: the transforms of tilings.h over whole maps. The loops
// are written once for tiles of m outputs a side and compiled for m = 4 and 5. A tile's n² values lie `plane` floats
// apart, so that each is one matrix of a product.
#include "tilings.h"

typedef void rows(vector *, const vector *);

/// Where a tile of m outputs a side lies: its image, and its first output row and column there.
typedef struct { long image, top, left; } tile_place;
ARBEX_INLINE tile_place place_of(long tile, int m, arbex_window w) {
  long across = (w.outWidth + m - 1) / m, perImage = across * ((w.outHeight + m - 1) / m), inImage = tile % perImage;
  return (tile_place){tile / perImage, inImage / across * m, inImage % across * m};
}

/// Bᵀ d B of a tile whose first value lies at row `top` and column `left` of the map, into n² matrices `plane` apart.
/// `whole`: nothing of it lies outside.
ARBEX_INLINE void input_tile(int m, rows transform, float *v, const float *map, arbex_prologue p, arbex_window w,
                             long top, long left, long plane, int whole) {
  int n = m + 2;
  long C = w.channels;
  for (long c = 0; c < C; c += WIDTH) {
    vector half[LARGEST][LARGEST], factor = p.gain ? ARBEX_LOAD(p.gain + c) : nothing;
    vector addend = p.offset ? ARBEX_LOAD(p.offset + c) : nothing;
    vector slope = p.slope ? ARBEX_LOAD(p.slope + c) : nothing;
    for (int j = 0; j < n; j++) {
      vector d[LARGEST], o[LARGEST];
      long at = left + j;
      for (int i = 0; i < n; i++) {
        long y = top + i;
        int inside = whole || (y >= 0 && y < w.height && at >= 0 && at < w.width);
        d[i] = inside ? ARBEX_LOAD(map + (y * w.width + at) * C + c) : nothing;
        if (p.gain && inside) d[i] = factor * d[i] + addend;
        if (p.slope && inside) d[i] = bent(d[i], slope);
      }
      transform(o, d);
      for (int i = 0; i < n; i++) half[i][j] = o[i];
    }
    for (int i = 0; i < n; i++) {
      vector o[LARGEST];
      transform(o, half[i]);
      for (int j = 0; j < n; j++) ARBEX_STORE(v + c + (i * n + j) * plane, o[j]);
    }
  }
}

ARBEX_INLINE void input_tiles(int m, rows transform, float *v, const float *x, arbex_prologue p, arbex_window w,
                              long firstTile, long tiles) {
  int n = m + 2;
  long C = w.channels, plane = tiles * C;
  for (long t = 0; t < tiles; t++, v += C) {
    tile_place place = place_of(firstTile + t, m, w);
    long top = place.top - w.padding, left = place.left - w.padding;
    const float *map = x + place.image * w.height * w.width * C;
    int whole = top >= 0 && left >= 0 && top + n <= w.height && left + n <= w.width;
    if (whole) input_tile(m, transform, v, map, p, w, top, left, plane, 1);
    else input_tile(m, transform, v, map, p, w, top, left, plane, 0);
  }
}

/// Bᵀ d B of `tiles` tiles from `firstTile` on, `v[n²][tiles, channels]`; d is the map behind its prologue, 0 outside.
void ARBEX_NAME(winograd_input)(long m, float *v, const float *x, arbex_prologue p, arbex_window w, long firstTile,
                                long tiles) {
  if (m == 4) input_tiles(4, input4, v, x, p, w, firstTile, tiles);
  else input_tiles(5, input5, v, x, p, w, firstTile, tiles);
}

ARBEX_INLINE void output_tiles(int m, rows transform, float *y, const float *values, arbex_epilogue e, arbex_window w,
                               long outputs, long firstTile, long tiles) {
  int n = m + 2;
  long plane = tiles * outputs;
  for (long t = 0; t < tiles; t++) {
    tile_place place = place_of(firstTile + t, m, w);
    long high = w.outHeight - place.top < m ? w.outHeight - place.top : m;
    long wide = w.outWidth - place.left < m ? w.outWidth - place.left : m;
    long first = ((place.image * w.outHeight + place.top) * w.outWidth + place.left) * outputs;
    for (long c = 0; c < outputs; c += WIDTH) {
      const float *in = values + t * outputs + c;
      vector half[LARGEST][LARGEST], offset = e.offset ? ARBEX_LOAD(e.offset + c) : nothing;
      vector gain = e.gain ? ARBEX_LOAD(e.gain + c) : nothing + 1.0f;
      vector slope = e.slope ? ARBEX_LOAD(e.slope + c) : nothing;
      for (int j = 0; j < n; j++) {
        vector d[LARGEST], o[LARGEST];
        for (int i = 0; i < n; i++) d[i] = ARBEX_LOAD(in + (i * n + j) * plane);
        transform(o, d);
        for (int i = 0; i < m; i++) half[i][j] = o[i];
      }
      for (int i = 0; i < m; i++) {
        vector o[LARGEST];
        transform(o, half[i]);
        if (i < high)
          for (int j = 0; j < wide; j++) {
            long at = first + (i * w.outWidth + j) * outputs + c;
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

/// y = Aᵀ values A and its epilogue for the same tiles, `values[n²][tiles, outputs]`.
void ARBEX_NAME(winograd_output)(long m, float *y, const float *values, arbex_epilogue e, arbex_window w, long outputs,
                                 long firstTile, long tiles) {
  if (m == 4) output_tiles(4, output4, y, values, e, w, outputs, firstTile, tiles);
  else output_tiles(5, output5, y, values, e, w, outputs, firstTile, tiles);
}

ARBEX_INLINE void gradient_tiles(int m, rows transform, float *z, const float *dy, arbex_window w, long outputs,
                                 long firstTile, long tiles) {
  int n = m + 2;
  long plane = tiles * outputs;
  for (long t = 0; t < tiles; t++) {
    tile_place place = place_of(firstTile + t, m, w);
    const float *map = dy + ((place.image * w.outHeight + place.top) * w.outWidth + place.left) * outputs;
    for (long c = 0; c < outputs; c += WIDTH) {
      vector half[LARGEST][LARGEST];
      for (int j = 0; j < m; j++) {
        vector g[LARGEST], o[LARGEST];
        for (int i = 0; i < m; i++) {
          int inside = place.top + i < w.outHeight && place.left + j < w.outWidth;
          g[i] = inside ? ARBEX_LOAD(map + (i * w.outWidth + j) * outputs + c) : nothing;
        }
        transform(o, g);
        for (int i = 0; i < n; i++) half[i][j] = o[i];
      }
      float *out = z + t * outputs + c;
      for (int i = 0; i < n; i++) {
        vector o[LARGEST];
        transform(o, half[i]);
        for (int j = 0; j < n; j++) ARBEX_STORE(out + (i * n + j) * plane, o[j]);
      }
    }
  }
}

/// A g Aᵀ of the output's gradient, `z[n²][tiles, outputs]`.
void ARBEX_NAME(winograd_gradient)(long m, float *z, const float *dy, arbex_window w, long outputs, long firstTile,
                                   long tiles) {
  if (m == 4) gradient_tiles(4, gradient4, z, dy, w, outputs, firstTile, tiles);
  else gradient_tiles(5, gradient5, z, dy, w, outputs, firstTile, tiles);
}

/// G g Gᵀ of the nine vectors of g into n² vectors that lie `plane` apart.
ARBEX_INLINE void transform_kernel(int n, const float (*G)[3], float *u, long plane, const vector *g) {
  vector half[LARGEST][3], o[LARGEST];
  ARBEX_UNROLL for (int b = 0; b < 3; b++) {
    kernel_rows(n, G, o, g[b], g[3 + b], g[6 + b]);
    ARBEX_UNROLL for (int i = 0; i < n; i++) half[i][b] = o[i];
  }
  ARBEX_UNROLL for (int i = 0; i < n; i++) {
    kernel_rows(n, G, o, half[i][0], half[i][1], half[i][2]);
    ARBEX_UNROLL for (int j = 0; j < n; j++) ARBEX_STORE(u + (i * n + j) * plane, o[j]);
  }
}

ARBEX_INLINE void kernel_panels(int n, const float (*G)[3], float *u, const float *g, long outputs, long inputs,
                                long panel, long first, long count) {
  long plane = (outputs + panel - 1) / panel * panel * inputs;
  float tile[9][WIDTH * WIDTH] __attribute__((aligned(64)));
  for (long o = first; o < first + count; o += WIDTH)
    for (long c = 0; c < inputs; c += WIDTH) {
      for (int tap = 0; tap < 9; tap++) transpose(tile[tap], WIDTH, g + (o * 9 + tap) * inputs + c, 9 * inputs, WIDTH);
      for (int r = 0; r < WIDTH; r++) {
        vector taps[9];
        for (int tap = 0; tap < 9; tap++) taps[tap] = ARBEX_LOAD(tile[tap] + r * WIDTH);
        transform_kernel(n, G, u + o / panel * panel * inputs + (c + r) * panel + o % panel, plane, taps);
      }
    }
}

/// u[n²][inputs, outputs] = G g Gᵀ of rows [first, first + count) of g [outputs, 9, inputs], each of the n² in panels of
/// `panel` columns; count is a multiple of 16.
void ARBEX_NAME(winograd_weight)(long m, float *u, const float *g, long outputs, long inputs, long panel, long first,
                                 long count) {
  if (m == 4) kernel_panels(6, G4, u, g, outputs, inputs, panel, first, count);
  else kernel_panels(7, G5, u, g, outputs, inputs, panel, first, count);
}

/// The same of the kernel that carries gradients back, turned by half a circle: u[n²][outputs, inputs].
void ARBEX_NAME(winograd_turned_weight)(long m, float *u, const float *g, long outputs, long inputs, long panel,
                                        long first, long count) {
  long plane = (inputs + panel - 1) / panel * panel * outputs;
  for (long o = first; o < first + count; o++)
    for (long c = 0; c < inputs; c += WIDTH) {
      float *to = u + c / panel * panel * outputs + o * panel + c % panel;
      vector taps[9];
      for (int tap = 0; tap < 9; tap++) taps[tap] = ARBEX_LOAD(g + (o * 9 + 8 - tap) * inputs + c);
      if (m == 4) transform_kernel(6, G4, to, plane, taps);
      else transform_kernel(7, G5, to, plane, taps);
    }
}

/// Gᵀ u G of n² vectors that lie `plane` apart, into nine that lie `step` apart and stay in registers until they are whole.
ARBEX_INLINE void gather_kernel(int n, const float (*G)[3], float *to, long step, const float *u, long plane) {
  vector sum[9];
  ARBEX_UNROLL for (int tap = 0; tap < 9; tap++) sum[tap] = nothing;
  ARBEX_UNROLL for (int i = 0; i < n; i++)
    ARBEX_UNROLL for (int j = 0; j < n; j++) {
      vector value = ARBEX_LOAD(u + (i * n + j) * plane);
      ARBEX_UNROLL for (int tap = 0; tap < 9; tap++) {
        float factor = G[i][tap / 3] * G[j][tap % 3];
        if (factor != 0) sum[tap] += factor * value;
      }
    }
  ARBEX_UNROLL for (int tap = 0; tap < 9; tap++) ARBEX_STORE(to + tap * step, sum[tap]);
}

/// dg[outputs, 9, inputs] = Gᵀ du G, rows [first, first + count), of du[n²][outputs, inputs].
void ARBEX_NAME(winograd_weight_gradient)(long m, float *dg, const float *du, long outputs, long inputs, long first,
                                          long count) {
  for (long o = first; o < first + count; o++)
    for (long c = 0; c < inputs; c += WIDTH) {
      float *to = dg + o * 9 * inputs + c;
      const float *from = du + o * inputs + c;
      if (m == 4) gather_kernel(6, G4, to, inputs, from, outputs * inputs);
      else gather_kernel(7, G5, to, inputs, from, outputs * inputs);
    }
}
