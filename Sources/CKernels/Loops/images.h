// Pictures: rows of pixels, each three floats (red, green, blue) next to each other. A pixel is read and written as
// four floats where one more float is known to follow it.
typedef float quad __attribute__((vector_size(16), aligned(4)));
typedef float octet __attribute__((vector_size(32), aligned(4)));
typedef uint8_t byte_vector __attribute__((vector_size(ARBEX_WIDTH), aligned(1)));

ARBEX_INLINE float arbex_within_unit(float x) {
  x = x < 0.0f ? 0.0f : x;
  return x > 1.0f ? 1.0f : x;
}

// --- resizing -----------------------------------------------------------------------------------------
// Three vectors at a time: with one, each sum would wait for the one before it.
void ARBEX_NAME(mix_rows)(float *y, const float *x, long xrow, const float *weights, long taps, long n) {
  long i = 0;
  for (; i + 3 * WIDTH <= n; i += 3 * WIDTH) {
    vector a = {0}, b = {0}, c = {0};
    for (long t = 0; t < taps; t++) {
      const float *from = x + t * xrow + i;
      a += weights[t] * ARBEX_LOAD(from);
      b += weights[t] * ARBEX_LOAD(from + WIDTH);
      c += weights[t] * ARBEX_LOAD(from + 2 * WIDTH);
    }
    ARBEX_STORE(y + i, a);
    ARBEX_STORE(y + i + WIDTH, b);
    ARBEX_STORE(y + i + 2 * WIDTH, c);
  }
  for (; i < n; i++) {
    float sum = 0;
    for (long t = 0; t < taps; t++) sum += weights[t] * x[t * xrow + i];
    y[i] = sum;
  }
}

ARBEX_INLINE vector floats_of(const uint8_t *bytes) {
  return __builtin_convertvector(*(const byte_vector *)bytes, vector);
}

void ARBEX_NAME(mix_byte_rows)(float *y, const uint8_t *x, long xrow, const float *weights, long taps, float scale,
                               long n) {
  long i = 0;
  for (; i + 3 * WIDTH <= n; i += 3 * WIDTH) {
    vector a = {0}, b = {0}, c = {0};
    for (long t = 0; t < taps; t++) {
      const uint8_t *from = x + t * xrow + i;
      a += weights[t] * floats_of(from);
      b += weights[t] * floats_of(from + WIDTH);
      c += weights[t] * floats_of(from + 2 * WIDTH);
    }
    ARBEX_STORE(y + i, scale * a);
    ARBEX_STORE(y + i + WIDTH, scale * b);
    ARBEX_STORE(y + i + 2 * WIDTH, scale * c);
  }
  for (; i < n; i++) {
    float sum = 0;
    for (long t = 0; t < taps; t++) sum += weights[t] * (float)x[t * xrow + i];
    y[i] = scale * sum;
  }
}

/// R rows at once, so that a weight is fetched once for all of them.
ARBEX_INLINE void mix_pixels(int R, float *y, long yrow, const float *x, long xrow, const int32_t *starts,
                             const float *weights, long taps, long n) {
  for (long i = 0; i < n; i++, weights += taps) {
    quad sum[4];
    ARBEX_UNROLL for (int r = 0; r < R; r++) sum[r] = (quad){0};
    const float *from = x + 3 * (long)starts[i];
    for (long t = 0; t < taps; t++, from += 3)
      ARBEX_UNROLL for (int r = 0; r < R; r++) sum[r] += weights[t] * *(const quad *)(from + r * xrow);
    // What the fourth float overwrites is the next pixel, which comes next; behind a row's end nothing is ours.
    if (i + 1 < n) {
      ARBEX_UNROLL for (int r = 0; r < R; r++) *(quad *)(y + r * yrow + 3 * i) = sum[r];
    } else {
      ARBEX_UNROLL for (int r = 0; r < R; r++)
        for (int c = 0; c < 3; c++) y[r * yrow + 3 * i + c] = sum[r][c];
    }
  }
}

void ARBEX_NAME(mix_pixels)(float *y, long yrow, const float *x, long xrow, long rows, const int32_t *starts,
                            const float *weights, long taps, long n) {
  long row = 0;
  for (; row + 4 <= rows; row += 4)
    mix_pixels(4, y + row * yrow, yrow, x + row * xrow, xrow, starts, weights, taps, n);
  for (; row < rows; row++) mix_pixels(1, y + row * yrow, yrow, x + row * xrow, xrow, starts, weights, taps, n);
}

// --- moving -------------------------------------------------------------------------------------------
enum { WALK = 64 };

/// A position held within 0 ... limit, cut into a whole part of at most limit - 1 and a rest. Not a number becomes 0.
ARBEX_INLINE float hold(float position, float limit, int *whole) {
  float p = position > 0.0f ? position : 0.0f;
  p = p < limit ? p : limit;
  int cut = (int)p;
  int last = (int)limit - 1;
  *whole = cut < last ? cut : last;
  return p - (float)*whole;
}

void ARBEX_NAME(walk_pixels)(float *y, const float *x, long width, long height, arbex_walk walk, long n) {
  long row = 3 * width, reach = 3 * width * height - row - 8;
  for (long first = 0; first < n; first += WALK) {
    long count = n - first < WALK ? n - first : WALK;
    int from[WALK];
    float shareX[WALK], shareY[WALK];
    for (int i = 0; i < WALK; i++) {
      float step = walk.first + (float)(first + i);
      int column, line;
      shareX[i] = hold(walk.dx * step + walk.x, (float)(width - 1), &column);
      shareY[i] = hold(walk.dy * step + walk.y, (float)(height - 1), &line);
      from[i] = 3 * (line * (int)width + column);
    }
    for (long i = 0; i < count; i++, y += 3) {
      const float *at = x + from[i];
      if (from[i] <= reach && first + i + 1 < n) {
        octet upper = *(const octet *)at, lower = *(const octet *)(at + row);
        octet both = upper + shareY[i] * (lower - upper);
        quad left = __builtin_shufflevector(both, both, 0, 1, 2, 3);
        quad right = __builtin_shufflevector(both, both, 3, 4, 5, 6);
        *(quad *)y = left + shareX[i] * (right - left);
      } else {
        for (int c = 0; c < 3; c++) {
          float left = at[c] + shareY[i] * (at[row + c] - at[c]);
          float right = at[c + 3] + shareY[i] * (at[row + c + 3] - at[c + 3]);
          y[c] = left + shareX[i] * (right - left);
        }
      }
    }
  }
}

void ARBEX_NAME(reverse_pixels)(float *y, const float *x, long n) {
  for (long i = 0; i + 1 < n; i++) *(quad *)(y + 3 * i) = *(const quad *)(x + 3 * (n - 1 - i));
  if (n > 0)
    for (int c = 0; c < 3; c++) y[3 * (n - 1) + c] = x[c];
}

// --- colour -------------------------------------------------------------------------------------------
#define ARBEX_LIGHTNESS(red, green, blue) (0.2989f * (red) + 0.587f * (green) + 0.114f * (blue))

// The three colours are summed each for themselves: in three vectors, which hold whole pixels, each place always
// meets the same colour. A block is short, so that floats suffice within it.
double ARBEX_NAME(lightness_sum)(const float *x, long pixels) {
  double total[3] = {0};
  long i = 0, n = 3 * pixels;
  while (i + 3 * WIDTH <= n) {
    vector sums[3] = {{0}, {0}, {0}};
    for (int steps = 0; steps < 32 && i + 3 * WIDTH <= n; steps++, i += 3 * WIDTH)
      for (int v = 0; v < 3; v++) sums[v] += ARBEX_LOAD(x + i + v * WIDTH);
    for (int place = 0; place < 3 * WIDTH; place++) total[place % 3] += (double)sums[place / WIDTH][place % WIDTH];
  }
  for (; i < n; i += 3)
    for (int c = 0; c < 3; c++) total[c] += (double)x[i + c];
  return 0.2989 * total[0] + 0.587 * total[1] + 0.114 * total[2];
}

void ARBEX_NAME(scale_within_unit)(float *x, float scale, float offset, long n) {
  for (long i = 0; i < n; i++) x[i] = arbex_within_unit(scale * x[i] + offset);
}

void ARBEX_NAME(saturate)(float *x, float share, long pixels) {
  ARBEX_IN_PLACE for (long i = 0; i < pixels; i++) {
    float *p = x + 3 * i;
    float red = p[0], green = p[1], blue = p[2];
    float rest = (1.0f - share) * ARBEX_LIGHTNESS(red, green, blue);
    p[0] = arbex_within_unit(share * red + rest);
    p[1] = arbex_within_unit(share * green + rest);
    p[2] = arbex_within_unit(share * blue + rest);
  }
}

/// How much of its chroma a channel lacks that is full at hue `own`: none within a sixth of the circle, all beyond two.
ARBEX_INLINE float lack(float hue, float own) {
  float distance = __builtin_elementwise_abs(hue - own);
  distance = distance >= 6.0f ? distance - 6.0f : distance;
  distance = distance > 3.0f ? 6.0f - distance : distance;
  return arbex_within_unit(distance - 1.0f);
}

// Hue is counted in sixths of the circle: -1 ... 5 before it is turned, by at most 3 either way.
void ARBEX_NAME(turn_hue)(float *x, float sixths, long pixels) {
  ARBEX_IN_PLACE for (long i = 0; i < pixels; i++) {
    float *p = x + 3 * i;
    float red = p[0], green = p[1], blue = p[2];
    float value = red > green ? red : green, least = red < green ? red : green;
    value = value > blue ? value : blue;
    least = least < blue ? least : blue;
    float chroma = value - least;
    float scale = chroma > 0.0f ? 1.0f / chroma : 0.0f;
    float fromBlue = 4.0f + (red - green) * scale, fromGreen = 2.0f + (blue - red) * scale;
    float hue = value == green ? fromGreen : fromBlue;
    hue = (value == red ? (green - blue) * scale : hue) + sixths;
    p[0] = value - chroma * lack(hue, 0.0f);
    p[1] = value - chroma * lack(hue, 2.0f);
    p[2] = value - chroma * lack(hue, 4.0f);
  }
}

void ARBEX_NAME(normalize_pixels)(float *y, const float *x, const float *mean, const float *scale, long pixels) {
  vector means[3], scales[3];
  for (int place = 0; place < 3 * WIDTH; place++) {
    means[place / WIDTH][place % WIDTH] = mean[place % 3];
    scales[place / WIDTH][place % WIDTH] = scale[place % 3];
  }
  long i = 0, n = 3 * pixels;
  for (; i + 3 * WIDTH <= n; i += 3 * WIDTH)
    for (int v = 0; v < 3; v++)
      ARBEX_STORE(y + i + v * WIDTH, (ARBEX_LOAD(x + i + v * WIDTH) - means[v]) * scales[v]);
  for (; i < n; i++) y[i] = (x[i] - mean[i % 3]) * scale[i % 3];
}
