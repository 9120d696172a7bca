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
        long run = w.kernelWidth * w.channels;
        for (long k = 0; k < w.kernelHeight; k++) {
          long y = top + k;
          if (y < 0 || y >= w.height) memset(columns + k * run, 0, sizeof(float) * (size_t)run);
          else memcpy(columns + k * run, map + (y * w.width + left) * w.channels, sizeof(float) * (size_t)run);
        }
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

/// Where the vector of the channels from `next` on begins: the last one ends with the last channel and overlaps the one
/// before it, which works out the same numbers twice instead of some alone.
ARBEX_INLINE long last_vector(long next, long C) { return next + WIDTH <= C ? next : C - WIDTH; }

void ARBEX_NAME(depthwise)(float *y, const float *x, const float *weight, arbex_window w,
                           long firstRow, long rows) {
  long C = w.channels, wide = C < WIDTH ? 0 : C;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const float *map = x + (row / w.outHeight) * w.height * w.width * C;
    long top = (row % w.outHeight) * w.stride - w.padding;
    long i0 = top < 0 ? -top : 0, i1 = w.height - top < w.kernelHeight ? w.height - top : w.kernelHeight;
    for (long column = 0; column < w.outWidth; column++) {
      long left = column * w.stride - w.padding;
      long j0 = left < 0 ? -left : 0, j1 = w.width - left < w.kernelWidth ? w.width - left : w.kernelWidth;
      float *out = y + (row * w.outWidth + column) * C;
      for (long next = 0; next < wide; next += WIDTH) {
        long c = last_vector(next, C);
        vector sum = {0};
        for (long i = i0; i < i1; i++)
          for (long j = j0; j < j1; j++) {
            const float *in = map + ((top + i) * w.width + left + j) * C + c;
            sum += ARBEX_LOAD(in) * ARBEX_LOAD(weight + (i * w.kernelWidth + j) * C + c);
          }
        ARBEX_STORE(out + c, sum);
      }
      for (long c = wide; c < C; c++) {
        float sum = 0;
        for (long i = i0; i < i1; i++)
          for (long j = j0; j < j1; j++)
            sum += map[((top + i) * w.width + left + j) * C + c] * weight[(i * w.kernelWidth + j) * C + c];
        out[c] = sum;
      }
    }
  }
}

void ARBEX_NAME(depthwise_input_gradient)(float *dx, const float *dy, const float *weight, arbex_window w,
                                          long firstRow, long rows) {
  long C = w.channels, wide = C < WIDTH ? 0 : C;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const float *map = dy + (row / w.height) * w.outHeight * w.outWidth * C;
    long y = row % w.height;
    for (long at = 0; at < w.width; at++) {
      float *to = dx + (row * w.width + at) * C;
      // Taps whose output exists: those that lie in its rows and columns, and on its stride.
      long i0 = y + w.padding - (w.outHeight - 1) * w.stride, j0 = at + w.padding - (w.outWidth - 1) * w.stride;
      i0 = i0 > 0 ? i0 : (y + w.padding) % w.stride;
      j0 = j0 > 0 ? j0 : (at + w.padding) % w.stride;
      long i1 = y + w.padding + 1 < w.kernelHeight ? y + w.padding + 1 : w.kernelHeight;
      long j1 = at + w.padding + 1 < w.kernelWidth ? at + w.padding + 1 : w.kernelWidth;
      long up0 = (y + w.padding - i0) / w.stride, across0 = (at + w.padding - j0) / w.stride;
      for (long next = 0; next < wide; next += WIDTH) {
        long c = last_vector(next, C);
        vector sum = {0};
        for (long i = i0, up = up0; i < i1; i += w.stride, up--)
          for (long j = j0, across = across0; j < j1; j += w.stride, across--)
            sum += ARBEX_LOAD(map + (up * w.outWidth + across) * C + c)
              * ARBEX_LOAD(weight + (i * w.kernelWidth + j) * C + c);
        ARBEX_STORE(to + c, sum);
      }
      for (long c = wide; c < C; c++) {
        float sum = 0;
        for (long i = i0, up = up0; i < i1; i += w.stride, up--)
          for (long j = j0, across = across0; j < j1; j += w.stride, across--)
            sum += map[(up * w.outWidth + across) * C + c] * weight[(i * w.kernelWidth + j) * C + c];
        to[c] = sum;
      }
    }
  }
}

void ARBEX_NAME(depthwise_weight_gradient)(float *dweight, const float *dy, const float *x, arbex_window w,
                                           long firstRow, long rows) {
  long C = w.channels, wide = C < WIDTH ? 0 : C;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const float *map = x + (row / w.outHeight) * w.height * w.width * C, *g = dy + row * w.outWidth * C;
    long top = (row % w.outHeight) * w.stride - w.padding;
    for (long i = 0; i < w.kernelHeight; i++) {
      if (top + i < 0 || top + i >= w.height) continue;
      for (long j = 0; j < w.kernelWidth; j++) {
        // Columns whose input under this tap exists.
        long first = w.padding > j ? (w.padding - j + w.stride - 1) / w.stride : 0;
        long room = w.width - 1 + w.padding - j, end = room < 0 ? 0 : room / w.stride + 1;
        end = end < w.outWidth ? end : w.outWidth;
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

void ARBEX_NAME(max_pool)(float *y, int32_t *from, const float *x, arbex_window w, long firstRow, long rows) {
  long C = w.channels;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const float *map = x + (row / w.outHeight) * w.height * w.width * C;
    long top = (row % w.outHeight) * w.stride - w.padding;
    for (long column = 0; column < w.outWidth; column++) {
      float *best = y + (row * w.outWidth + column) * C;
      int32_t *where = from + (row * w.outWidth + column) * C;
      long left = column * w.stride - w.padding;
      for (long c = 0; c < C; c++) { best[c] = -__builtin_inff(); where[c] = -1; }
      for (long i = 0; i < w.kernelHeight; i++) {
        if (top + i < 0 || top + i >= w.height) continue;
        for (long j = 0; j < w.kernelWidth; j++) {
          if (left + j < 0 || left + j >= w.width) continue;
          long at = ((top + i) * w.width + left + j) * C;
          for (long c = 0; c < C; c++) {
            int larger = (where[c] < 0) | (map[at + c] > best[c]);
            best[c] = larger ? map[at + c] : best[c];
            where[c] = larger ? (int32_t)(at + c) : where[c];
          }
        }
      }
    }
  }
}
