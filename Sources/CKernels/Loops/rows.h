#define ARBEX_PRELU_GRADIENT(U)                                                                 \
  for (long r = 0; r < rows; r++, x += columns, dy += columns) {                                \
    if (dslope)                                                                                 \
      for (long c = 0; c < columns; c++) dslope[c] += (U) > 0 ? 0 : dy[c] * (U);                \
    if (dx) {                                                                                   \
      ARBEX_IN_PLACE                                                                            \
      for (long c = 0; c < columns; c++) dx[c] = (U) > 0 ? dy[c] : p.slope[c] * dy[c];          \
      dx += columns;                                                                            \
    }                                                                                           \
  }

void ARBEX_NAME(prelu_gradient)(float *dx, float *dslope, const float *dy, const float *x, arbex_prologue p, long rows,
                                long columns) {
  if (p.gain && p.offset) ARBEX_PRELU_GRADIENT(p.gain[c] * x[c] + p.offset[c])
  else ARBEX_PRELU_GRADIENT(x[c])
}

void ARBEX_NAME(add_row)(float *y, const float *row, long rows, long columns) {
  for (long r = 0; r < rows; r++, y += columns)
    for (long c = 0; c < columns; c++) y[c] += row[c];
}

/// What is summed over rows for each channel: x, (x - mean)², or a flow dy and its product with the normalized x.
enum { PLAIN, SQUARES, FLOWS };

/// The sums of `n` vectors of channels from `next` on stay in registers over some rows; `last` are those that the last
/// vector of all channels, which overlaps the one before it, begins with.
ARBEX_INLINE void sum_strip(int n, int kind, float *first, float *second, const float *dy, const float *x,
                            const float *mean, const float *inverse, arbex_prologue p, long rows, long C, long next,
                            const vector last[2]) {
  vector a[4], b[4], m[4], i[4], gain[4], offset[4], slope[4];
  long at[4];
  ARBEX_UNROLL for (int v = 0; v < n; v++) {
    long c = at[v] = last_vector(next + v * WIDTH, C);
    int isWhole = c == next + v * WIDTH;
    a[v] = isWhole ? ARBEX_LOAD(first + c) : last[0];
    if (kind != PLAIN) m[v] = ARBEX_LOAD(mean + c);
    if (kind != FLOWS) continue;
    b[v] = isWhole ? ARBEX_LOAD(second + c) : last[1];
    i[v] = ARBEX_LOAD(inverse + c);
    if (!p.slope) continue;
    gain[v] = ARBEX_LOAD(p.gain + c), offset[v] = ARBEX_LOAD(p.offset + c), slope[v] = ARBEX_LOAD(p.slope + c);
  }
  for (long r = 0; r < rows; r++, x += C, dy += kind == FLOWS ? C : 0)
    ARBEX_UNROLL for (int v = 0; v < n; v++) {
      vector value = ARBEX_LOAD(x + at[v]);
      if (kind == PLAIN) a[v] += value;
      if (kind == SQUARES) a[v] += (value - m[v]) * (value - m[v]);
      if (kind == FLOWS) {
        vector flow = ARBEX_LOAD(dy + at[v]);
        if (p.slope) flow = chosen(gain[v] * value + offset[v] > nothing, flow, slope[v] * flow);
        a[v] += flow;
        b[v] += flow * ((value - m[v]) * i[v]);
      }
    }
  ARBEX_UNROLL for (int v = 0; v < n; v++) {
    ARBEX_STORE(first + at[v], a[v]);
    if (kind == FLOWS) ARBEX_STORE(second + at[v], b[v]);
  }
}

/// In tiles of rows that the nearest cache holds.
ARBEX_INLINE void sum_tiles(int kind, float *first, float *second, const float *dy, const float *x, const float *mean,
                            const float *inverse, arbex_prologue p, long rows, long C) {
  long tile = C < 512 ? 4096 / C : 8;
  for (long done = 0; done < rows; done += tile, x += tile * C, dy += kind == FLOWS ? tile * C : 0) {
    long count = rows - done < tile ? rows - done : tile, next = 0;
    vector last[2] = {ARBEX_LOAD(first + C - WIDTH), kind == FLOWS ? ARBEX_LOAD(second + C - WIDTH) : nothing};
    for (; next + 3 * WIDTH < C; next += 4 * WIDTH)
      sum_strip(4, kind, first, second, dy, x, mean, inverse, p, count, C, next, last);
    if (next + WIDTH < C) {
      sum_strip(2, kind, first, second, dy, x, mean, inverse, p, count, C, next, last);
      next += 2 * WIDTH;
    }
    if (next < C) sum_strip(1, kind, first, second, dy, x, mean, inverse, p, count, C, next, last);
  }
}

void ARBEX_NAME(column_sums)(float *sums, const float *x, long rows, long columns) {
  if (columns >= WIDTH) {
    sum_tiles(PLAIN, sums, NULL, NULL, x, NULL, NULL, (arbex_prologue){0}, rows, columns);
    return;
  }
  for (long r = 0; r < rows; r++, x += columns)
    for (long c = 0; c < columns; c++) sums[c] += x[c];
}

void ARBEX_NAME(column_square_sums)(float *sums, const float *x, const float *mean, long rows, long columns) {
  if (columns >= WIDTH) {
    sum_tiles(SQUARES, sums, NULL, NULL, x, mean, NULL, (arbex_prologue){0}, rows, columns);
    return;
  }
  for (long r = 0; r < rows; r++, x += columns)
    for (long c = 0; c < columns; c++) {
      float d = x[c] - mean[c];
      sums[c] += d * d;
    }
}

/// dy behind an activation whose argument was gain x + offset.
#define ARBEX_BENT (p.gain[c] * x[c] + p.offset[c] > 0 ? dy[c] : p.slope[c] * dy[c])

void ARBEX_NAME(normalization_sums)(float *first, float *second, const float *dy, const float *x, const float *mean,
                                    const float *inverse, arbex_prologue p, long rows, long columns) {
  if (columns >= WIDTH) {
    if (p.slope) sum_tiles(FLOWS, first, second, dy, x, mean, inverse, p, rows, columns);
    else sum_tiles(FLOWS, first, second, dy, x, mean, inverse, (arbex_prologue){0}, rows, columns);
    return;
  }
  for (long r = 0; r < rows; r++, x += columns, dy += columns)
    for (long c = 0; c < columns; c++) {
      float flow = p.slope ? ARBEX_BENT : dy[c];
      first[c] += flow;
      second[c] += flow * ((x[c] - mean[c]) * inverse[c]);
    }
}

#define ARBEX_BATCH_NORM_GRADIENT(FLOW)                                                         \
  for (long r = 0; r < rows; r++, x += columns, dy += columns, dx += columns)                   \
    ARBEX_IN_PLACE                                                                              \
    for (long c = 0; c < columns; c++) {                                                        \
      float normalized = (x[c] - mean[c]) * inverse[c];                                         \
      dx[c] = scale[c] * inverse[c] * (FLOW - share * (first[c] + normalized * second[c]));     \
    }

void ARBEX_NAME(batch_norm_gradient)(float *dx, const float *dy, const float *x, const float *mean,
                                     const float *inverse, const float *scale, const float *first, const float *second,
                                     float count, arbex_prologue p, long rows, long columns) {
  float share = 1.0f / count;
  if (p.slope) ARBEX_BATCH_NORM_GRADIENT(ARBEX_BENT)
  else ARBEX_BATCH_NORM_GRADIENT(dy[c])
}

ARBEX_INLINE float sum_of(const float *x, long n) {
  ARBEX_REASSOCIATE
  float s = 0;
  for (long i = 0; i < n; i++) s += x[i];
  return s;
}
ARBEX_INLINE float dot_of(const float *a, const float *b, long n) {
  ARBEX_REASSOCIATE
  float s = 0;
  for (long i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}
/// In sixteen lanes, which the compiler keeps in vector registers.
ARBEX_INLINE float largest_of(const float *x, long n) {
  float lane[16], largest = x[0];
  long i = 0;
  if (n >= 16) {
    for (int l = 0; l < 16; l++) lane[l] = x[l];
    for (i = 16; i + 16 <= n; i += 16)
      for (int l = 0; l < 16; l++) lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
    for (int l = 0; l < 16; l++) largest = lane[l] > largest ? lane[l] : largest;
  }
  for (; i < n; i++) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

float ARBEX_NAME(sum)(const float *x, long n) { return sum_of(x, n); }
void ARBEX_NAME(row_sums)(float *sums, const float *x, long rows, long columns) {
  for (long r = 0; r < rows; r++) sums[r] = sum_of(x + r * columns, columns);
}

void ARBEX_NAME(softmax)(float *y, const float *x, long rows, long columns) {
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    float largest = largest_of(x, columns);
    ARBEX_IN_PLACE
    for (long c = 0; c < columns; c++) y[c] = arbex_expf(x[c] - largest);
    float share = 1.0f / sum_of(y, columns);
    for (long c = 0; c < columns; c++) y[c] *= share;
  }
}
void ARBEX_NAME(softmax_gradient)(float *dx, const float *dy, const float *y, long rows, long columns) {
  for (long r = 0; r < rows; r++, dx += columns, dy += columns, y += columns) {
    float mixed = dot_of(dy, y, columns);
    ARBEX_IN_PLACE
    for (long c = 0; c < columns; c++) dx[c] = y[c] * (dy[c] - mixed);
  }
}
void ARBEX_NAME(log_softmax)(float *y, const float *x, long rows, long columns) {
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    float largest = largest_of(x, columns);
    ARBEX_IN_PLACE
    for (long c = 0; c < columns; c++) y[c] = arbex_expf(x[c] - largest);
    float shift = largest + logf(sum_of(y, columns));
    for (long c = 0; c < columns; c++) y[c] = x[c] - shift;
  }
}
void ARBEX_NAME(log_softmax_gradient)(float *dx, const float *dy, const float *y, long rows, long columns) {
  for (long r = 0; r < rows; r++, dx += columns, dy += columns, y += columns) {
    float total = sum_of(dy, columns);
    for (long c = 0; c < columns; c++) dx[c] = dy[c] - arbex_expf(y[c]) * total;
  }
}

void ARBEX_NAME(layer_norm)(float *y, float *mean, float *inverse, const float *x, const float *scale,
                            const float *offset, float epsilon, long rows, long columns) {
  ARBEX_REASSOCIATE
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    float m = sum_of(x, columns) / (float)columns;
    float squares = 0;
    for (long c = 0; c < columns; c++) squares += (x[c] - m) * (x[c] - m);
    float i = 1.0f / __builtin_elementwise_sqrt(squares / (float)columns + epsilon);
    for (long c = 0; c < columns; c++) y[c] = (x[c] - m) * i * scale[c] + offset[c];
    mean[r] = m;
    inverse[r] = i;
  }
}
void ARBEX_NAME(layer_norm_gradient)(float *dx, float *dscale, float *doffset, const float *dy, const float *x,
                                     const float *mean, const float *inverse, const float *scale, long rows,
                                     long columns) {
  ARBEX_REASSOCIATE
  for (long r = 0; r < rows; r++, x += columns, dy += columns, dx += columns) {
    float m = mean[r], i = inverse[r], first = 0, second = 0;
    for (long c = 0; c < columns; c++) {
      float normalized = (x[c] - m) * i, g = dy[c] * scale[c];
      first += g;
      second += g * normalized;
    }
    first /= (float)columns;
    second /= (float)columns;
    ARBEX_IN_PLACE
    for (long c = 0; c < columns; c++) {
      float normalized = (x[c] - m) * i, g = dy[c];
      dx[c] = i * (g * scale[c] - first - normalized * second);
      dscale[c] += g * normalized;
      doffset[c] += g;
    }
  }
}

/// A vector of a result from column c on behind its epilogue.
ARBEX_INLINE vector finished(const float *x, arbex_epilogue e, long c) {
  vector value = ARBEX_LOAD(x + c);
  if (e.gain && e.offset) value = ARBEX_LOAD(e.gain + c) * value + ARBEX_LOAD(e.offset + c);
  else if (e.offset) value += ARBEX_LOAD(e.offset + c);
  if (e.addend) value += ARBEX_LOAD(e.addend + c);
  return e.slope ? bent(value, ARBEX_LOAD(e.slope + c)) : value;
}

void ARBEX_NAME(finish_rows)(float *y, const float *x, arbex_epilogue e, long rows, long columns) {
  long wide = columns / WIDTH * WIDTH, rest = wide && wide < columns;
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    // y may be x, so the vector that overlaps the one before it is worked out first.
    vector last = rest ? finished(x, e, columns - WIDTH) : nothing;
    for (long c = 0; c < wide; c += WIDTH) ARBEX_STORE(y + c, finished(x, e, c));
    if (rest) ARBEX_STORE(y + columns - WIDTH, last);
    for (long c = 0; c < columns && !wide; c++) {
      float value = x[c];
      if (e.gain && e.offset) value = e.gain[c] * value + e.offset[c];
      else if (e.offset) value += e.offset[c];
      if (e.addend) value += e.addend[c];
      y[c] = e.slope && !(value > 0) ? e.slope[c] * value : value;
    }
    if (e.addend) e.addend += columns;
  }
}

void ARBEX_NAME(transpose)(float *y, long yrow, const float *x, long xrow, long rows, long columns) {
  long high = rows / WIDTH * WIDTH, wide = columns / WIDTH * WIDTH;
  for (long r = 0; r < high; r += WIDTH)
    for (long c = 0; c < wide; c += WIDTH) transpose(y + c * yrow + r, yrow, x + r * xrow + c, xrow, WIDTH);
  for (long r = 0; r < rows; r++)
    for (long c = r < high ? wide : 0; c < columns; c++) y[c * yrow + r] = x[r * xrow + c];
}
