// The largest value of each window. What it is and where it came from stay in registers over a window's taps.

/// Channels c to c + WIDTH of an output: taps [i0, i1) x [j0, j1) of the window whose first tap lies at `first` in the map.
ARBEX_INLINE void largest_in_window(float *y, int32_t *from, const float *map, arbex_window w, long first, long i0, long i1,
                                    long j0, long j1) {
  vector best = nothing - __builtin_inff();
  choice where = (choice)nothing - 1, lane = {0};
  for (int l = 0; l < WIDTH; l++) lane[l] = l;
  for (long i = i0; i < i1; i++)
    for (long j = j0; j < j1; j++) {
      long at = first + (i * w.width + j) * w.channels;
      vector value = ARBEX_LOAD(map + at);
      choice larger = (where < 0) | (value > best);
      best = chosen(larger, value, best);
      where = (larger & (lane + (int32_t)at)) | (~larger & where);
    }
  ARBEX_STORE(y, best);
  *(choice *)from = where;
}

void ARBEX_NAME(max_pool)(float *y, int32_t *from, const float *x, arbex_window w, long firstRow, long rows) {
  long C = w.channels, wide = C < WIDTH ? 0 : C;
  for (long row = firstRow; row < firstRow + rows; row++) {
    const float *map = x + (row / w.outHeight) * w.height * w.width * C;
    long top = (row % w.outHeight) * w.stride - w.padding;
    long i0 = top < 0 ? -top : 0, i1 = w.height - top < w.kernelHeight ? w.height - top : w.kernelHeight;
    for (long column = 0; column < w.outWidth; column++) {
      float *largest = y + (row * w.outWidth + column) * C;
      int32_t *places = from + (row * w.outWidth + column) * C;
      long left = column * w.stride - w.padding, first = (top * w.width + left) * C;
      long j0 = left < 0 ? -left : 0, j1 = w.width - left < w.kernelWidth ? w.width - left : w.kernelWidth;
      for (long next = 0; next < wide; next += WIDTH) {
        long c = last_vector(next, C);
        largest_in_window(largest + c, places + c, map, w, first + c, i0, i1, j0, j1);
      }
      for (long c = wide; c < C; c++) {
        float best = -__builtin_inff();
        int32_t where = -1;
        for (long i = i0; i < i1; i++)
          for (long j = j0; j < j1; j++) {
            long at = first + (i * w.width + j) * C + c;
            int larger = (where < 0) | (map[at] > best);
            best = larger ? map[at] : best;
            where = larger ? (int32_t)at : where;
          }
        largest[c] = best;
        places[c] = where;
      }
    }
  }
}
