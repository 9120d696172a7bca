/// What a kernel sees of a map in as many rows of `run` neighbouring floats, `pitch` apart; 0 above and below the map.
ARBEX_INLINE void gather_rows(float *columns, const float *map, long run, long pitch, long top, long rows, long height) {
  for (long y = top; y < top + rows; y++, columns += run) {
    if (y < 0 || y >= height) memset(columns, 0, sizeof(float) * (size_t)run);
    else memcpy(columns, map + y * pitch, sizeof(float) * (size_t)run);
  }
}

void ARBEX_NAME(gather_patches)(float *columns, const float *x, arbex_window w, long firstRow, long rows,
                                long firstChannel, long groupChannels, long firstTap, long taps) {
  size_t one = sizeof(float) * (size_t)groupChannels;
  int whole = firstTap == 0 && taps == w.kernelHeight * w.kernelWidth && groupChannels == w.channels
    && w.dilation == 1;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const float *map = x + (row / w.outHeight) * w.height * w.width * w.channels + firstChannel;
    long top = (row % w.outHeight) * w.stride - w.padding;
    for (long column = 0; column < w.outWidth; column++, columns += taps * groupChannels) {
      long left = column * w.stride - w.padding;
      if (whole && left >= 0 && left + w.kernelWidth <= w.width) {
        // a whole kernel row of neighbouring pixels is one run of memory
        const float *from = map + left * w.channels;
        long run = w.kernelWidth * w.channels, pitch = w.width * w.channels;
        // three colours under a 3x3 kernel: known beforehand, so that no function is called for nine numbers
        if (run == 9) gather_rows(columns, from, 9, pitch, top, w.kernelHeight, w.height);
        else gather_rows(columns, from, run, pitch, top, w.kernelHeight, w.height);
        continue;
      }
      for (long t = 0; t < taps; t++) {
        long y = top + (firstTap + t) / w.kernelWidth * w.dilation;
        long at = left + (firstTap + t) % w.kernelWidth * w.dilation;
        float *to = columns + t * groupChannels;
        if (y < 0 || y >= w.height || at < 0 || at >= w.width) memset(to, 0, one);
        else memcpy(to, map + (y * w.width + at) * w.channels, one);
      }
    }
  }
}

void ARBEX_NAME(scatter_patches)(float *x, const float *columns, arbex_window w, long firstOutRow, long rows,
                                 long firstChannel, long groupChannels) {
  for (long row = firstOutRow; row < firstOutRow + rows; row++)
    for (long column = 0; column < w.outWidth; column++)
      for (long i = 0; i < w.kernelHeight; i++)
        for (long j = 0; j < w.kernelWidth; j++, columns += groupChannels) {
          long y = row * w.stride - w.padding + i * w.dilation;
          long at = column * w.stride - w.padding + j * w.dilation;
          if (y < 0 || y >= w.height || at < 0 || at >= w.width) continue;
          float *to = x + (y * w.width + at) * w.channels + firstChannel;
          for (long c = 0; c < groupChannels; c++) to[c] += columns[c];
        }
}

/// The sum over taps [i0, i1) x [j0, j1) of a vector of channels; `in` and `weight` are those of tap (0, 0).
ARBEX_INLINE vector taps_of(const float *in, const float *weight, arbex_window w, long i0, long i1, long j0, long j1) {
  vector sum = {0};
  for (long i = i0; i < i1; i++)
    for (long j = j0; j < j1; j++)
      sum += ARBEX_LOAD(in + (i * w.width + j) * w.channels) * ARBEX_LOAD(weight + (i * w.kernelWidth + j) * w.channels);
  return sum;
}

/// A row of outputs of a vector of channels; `in` is the input under tap (0, 0) of the first output if that were inside,
/// and taps [i0, i1) are. All weights of a whole 3x3 window stay in registers.
ARBEX_INLINE void depthwise_row(float *out, const float *in, const float *weight, arbex_window w, long i0, long i1) {
  long C = w.channels, line = w.width * C;
  int whole = w.kernelHeight == 3 && w.kernelWidth == 3 && i0 == 0 && i1 == 3;
  vector k[9];
  ARBEX_UNROLL for (int t = 0; t < 9; t++) k[t] = whole ? ARBEX_LOAD(weight + t * C) : (vector){0};
  for (long column = 0; column < w.outWidth; column++, in += w.stride * C, out += C) {
    long left = column * w.stride - w.padding;
    long j0 = left < 0 ? -left : 0, j1 = w.width - left < w.kernelWidth ? w.width - left : w.kernelWidth;
    vector sum = {0};
    if (whole && j0 == 0 && j1 == 3)
      ARBEX_UNROLL for (int t = 0; t < 9; t++) sum += ARBEX_LOAD(in + t / 3 * line + t % 3 * C) * k[t];
    else sum = taps_of(in, weight, w, i0, i1, j0, j1);
    ARBEX_STORE(out, sum);
  }
}

void ARBEX_NAME(depthwise)(float *y, const float *x, const float *weight, arbex_window w,
                           long firstRow, long rows) {
  long C = w.channels, wide = C < WIDTH ? 0 : C;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const float *map = x + (row / w.outHeight) * w.height * w.width * C;
    float *out = y + row * w.outWidth * C;
    long top = (row % w.outHeight) * w.stride - w.padding;
    long i0 = top < 0 ? -top : 0, i1 = w.height - top < w.kernelHeight ? w.height - top : w.kernelHeight;
    for (long next = 0; next < wide; next += WIDTH) {
      long c = last_vector(next, C);
      depthwise_row(out + c, map + (top * w.width - w.padding) * C + c, weight + c, w, i0, i1);
    }
    for (long c = wide; c < C; c++)
      for (long column = 0; column < w.outWidth; column++) {
        long left = column * w.stride - w.padding;
        long j0 = left < 0 ? -left : 0, j1 = w.width - left < w.kernelWidth ? w.width - left : w.kernelWidth;
        float sum = 0;
        for (long i = i0; i < i1; i++)
          for (long j = j0; j < j1; j++)
            sum += map[((top + i) * w.width + left + j) * C + c] * weight[(i * w.kernelWidth + j) * C + c];
        out[column * C + c] = sum;
      }
  }
}

/// The taps [first, end) by `stride` under which an input lies in windows of outputs that exist.
ARBEX_INLINE void taps_over(long at, long outs, long kernel, arbex_window w, long *first, long *end) {
  long earliest = at + w.padding - (outs - 1) * w.stride;
  *first = earliest > 0 ? earliest : (at + w.padding) % w.stride;
  *end = at + w.padding + 1 < kernel ? at + w.padding + 1 : kernel;
}

void ARBEX_NAME(depthwise_input_gradient)(float *dx, const float *dy, const float *weight, arbex_window w,
                                          long firstRow, long rows) {
  long C = w.channels, wide = C < WIDTH ? 0 : C, line = w.outWidth * C;
  int is3x3 = w.kernelHeight == 3 && w.kernelWidth == 3 && w.stride == 1;
  for (long row = firstRow; row < firstRow + rows; row++) {
    float *to = dx + row * w.width * C;
    long y = row % w.height, i0, i1, j0, j1;
    taps_over(y, w.outHeight, w.kernelHeight, w, &i0, &i1);
    const float *lines = dy + ((row / w.height) * w.outHeight + (y + w.padding - i0) / w.stride) * line;
    // Columns under all of a 3x3 window, whose weights stay in registers along the row.
    long first = 2 - w.padding, end = is3x3 && i0 == 0 && i1 == 3 ? w.outWidth - w.padding : 0;
    first = first > 0 ? first : 0;
    end = end < w.width ? end : w.width;
    for (long next = 0; next < wide && first < end; next += WIDTH) {
      long c = last_vector(next, C);
      vector k[9];
      ARBEX_UNROLL for (int t = 0; t < 9; t++) k[t] = ARBEX_LOAD(weight + t * C + c);
      for (long at = first; at < end; at++) {
        const float *from = lines + (at + w.padding) * C + c;
        vector sum = {0};
        ARBEX_UNROLL for (int t = 0; t < 9; t++) sum += ARBEX_LOAD(from - t / 3 * line - t % 3 * C) * k[t];
        ARBEX_STORE(to + at * C + c, sum);
      }
    }
    for (long at = 0; at < w.width; at++) {
      if (wide && at >= first && at < end) continue;
      taps_over(at, w.outWidth, w.kernelWidth, w, &j0, &j1);
      const float *from = lines + (at + w.padding - j0) / w.stride * C;
      for (long next = 0; next < wide; next += WIDTH) {
        long c = last_vector(next, C);
        vector sum = {0};
        for (long i = i0, up = 0; i < i1; i += w.stride, up++)
          for (long j = j0, across = 0; j < j1; j += w.stride, across++)
            sum += ARBEX_LOAD(from - up * line - across * C + c)
              * ARBEX_LOAD(weight + (i * w.kernelWidth + j) * C + c);
        ARBEX_STORE(to + at * C + c, sum);
      }
      for (long c = wide; c < C; c++) {
        float sum = 0;
        for (long i = i0, up = 0; i < i1; i += w.stride, up++)
          for (long j = j0, across = 0; j < j1; j += w.stride, across++)
            sum += from[c - up * line - across * C] * weight[(i * w.kernelWidth + j) * C + c];
        to[at * C + c] = sum;
      }
    }
  }
}

/// The columns [first, end) of outputs whose input under column j of the kernel exists.
ARBEX_INLINE void columns_under(long j, arbex_window w, long *first, long *end) {
  long room = w.width - 1 + w.padding - j, until = room < 0 ? 0 : room / w.stride + 1;
  *first = w.padding > j ? (w.padding - j + w.stride - 1) / w.stride : 0;
  *end = until < w.outWidth ? until : w.outWidth;
}

/// Adds a row of outputs to the weight gradients of a whole 3x3 window of a vector of channels, which stay in registers.
/// `in` is the input under tap (0, 0) of the first output if that were inside.
ARBEX_INLINE void weight_row(vector k[9], const float *g, const float *in, arbex_window w) {
  long C = w.channels, line = w.width * C, first[3], end[3];
  for (int j = 0; j < 3; j++) columns_under(j, w, &first[j], &end[j]);
  for (long column = 0; column < w.outWidth; column++) {
    vector flow = ARBEX_LOAD(g + column * C);
    const float *from = in + column * w.stride * C;
    ARBEX_UNROLL for (int j = 0; j < 3; j++)
      if (column >= first[j] && column < end[j])
        ARBEX_UNROLL for (int i = 0; i < 3; i++) k[3 * i + j] += flow * ARBEX_LOAD(from + i * line + j * C);
  }
}

void ARBEX_NAME(depthwise_weight_gradient)(float *dweight, const float *dy, const float *x, arbex_window w,
                                           long firstRow, long rows) {
  long C = w.channels, wide = C < WIDTH ? 0 : C;
  int is3x3 = w.kernelHeight == 3 && w.kernelWidth == 3 && wide;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const float *map = x + (row / w.outHeight) * w.height * w.width * C, *g = dy + row * w.outWidth * C;
    long top = (row % w.outHeight) * w.stride - w.padding;
    if (is3x3 && top >= 0 && top + 3 <= w.height) {
      vector k[9], last[9];
      for (int t = 0; t < 9; t++) last[t] = ARBEX_LOAD(dweight + t * C + C - WIDTH);
      for (long next = 0; next < wide; next += WIDTH) {
        long c = last_vector(next, C);
        ARBEX_UNROLL for (int t = 0; t < 9; t++) k[t] = c == next ? ARBEX_LOAD(dweight + t * C + c) : last[t];
        weight_row(k, g + c, map + (top * w.width - w.padding) * C + c, w);
        ARBEX_UNROLL for (int t = 0; t < 9; t++) ARBEX_STORE(dweight + t * C + c, k[t]);
      }
      continue;
    }
    for (long i = 0; i < w.kernelHeight; i++) {
      if (top + i < 0 || top + i >= w.height) continue;
      for (long j = 0; j < w.kernelWidth; j++) {
        long first, end;
        columns_under(j, w, &first, &end);
        const float *in = map + ((top + i) * w.width + j - w.padding) * C;
        float *k = dweight + (i * w.kernelWidth + j) * C;
        vector last = wide ? ARBEX_LOAD(k + C - WIDTH) : (vector){0};  // before the vectors that it overlaps
        for (long next = 0; next < wide; next += WIDTH) {
          long c = last_vector(next, C);
          vector sum = c == next ? ARBEX_LOAD(k + c) : last;
          for (long column = first; column < end; column++)
            sum += ARBEX_LOAD(g + column * C + c) * ARBEX_LOAD(in + column * w.stride * C + c);
          ARBEX_STORE(k + c, sum);
        }
        for (long c = wide; c < C; c++) {
          float sum = k[c];
          for (long column = first; column < end; column++)
            sum += g[column * C + c] * in[column * w.stride * C + c];
          k[c] = sum;
        }
      }
    }
  }
}
