// The matrix product. OpenBLAS picks its kernels by CPU model and falls back to older ones on models it does not know;
// this asks for the instructions only. Panels of two vectors of B's columns lie packed, ARBEX_ROWS rows of A are
// broadcast against them. Each element is summed over the depth in one fixed order, whatever the number of rows, so a
// sample's result does not depend on its neighbours.
enum { ROWS = ARBEX_ROWS, COLUMNS = 2 * WIDTH, DEPTH = 256 };

/// c (+)= scale a b over `depth` for R rows; rows of b lie `brow` apart.
ARBEX_INLINE void block(int R, const float *a, long arow, long acolumn, const float *b, long brow, float *c,
                        long cstride, long depth, float scale, int adding) {
  vector left[ROWS], right[ROWS];
  ARBEX_UNROLL for (int r = 0; r < R; r++) left[r] = right[r] = (vector){0};
  for (long k = 0; k < depth; k++, a += acolumn, b += brow) {
    vector b0 = ARBEX_LOAD(b), b1 = ARBEX_LOAD(b + WIDTH);
    ARBEX_UNROLL for (int r = 0; r < R; r++) {
      vector x = a[r * arow] - (vector){0};
      left[r] += x * b0;
      right[r] += x * b1;
    }
  }
  ARBEX_UNROLL for (int r = 0; r < R; r++) {
    vector *to = (vector *)(c + r * cstride);
    to[0] = adding ? to[0] + scale * left[r] : scale * left[r];
    to[1] = adding ? to[1] + scale * right[r] : scale * right[r];
  }
}

#define ARBEX_BLOCK(R)                                                                               \
  static void block##R(const float *a, long arow, long acolumn, const float *b, long brow, float *c, \
                       long cstride, long depth, float scale, int adding) {                          \
    block(R, a, arow, acolumn, b, brow, c, cstride, depth, scale, adding);                           \
  }
ARBEX_BLOCK(1)
ARBEX_BLOCK(2)
ARBEX_BLOCK(3)
ARBEX_BLOCK(4)
ARBEX_BLOCK(5)
ARBEX_BLOCK(6)
#if ARBEX_ROWS == 12
ARBEX_BLOCK(7)
ARBEX_BLOCK(8)
ARBEX_BLOCK(9)
ARBEX_BLOCK(10)
ARBEX_BLOCK(11)
ARBEX_BLOCK(12)
#endif

typedef void (*block_of_rows)(const float *, long, long, const float *, long, float *, long, long, float, int);
static const block_of_rows blocks[ROWS + 1] = {
    0, block1, block2, block3, block4, block5, block6,
#if ARBEX_ROWS == 12
    block7, block8, block9, block10, block11, block12,
#endif
};

// The first halves of two vectors, and the second halves, element by element in turn.
#if ARBEX_WIDTH == 16
#define ARBEX_ZIP_FIRST(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ARBEX_ZIP_SECOND(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif ARBEX_WIDTH == 8
#define ARBEX_ZIP_FIRST(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ARBEX_ZIP_SECOND(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define ARBEX_ZIP_FIRST(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define ARBEX_ZIP_SECOND(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/// A square of as many rows and columns as a vector is long, rows becoming columns; of fewer rows the rest is 0. Zipping the first half
/// of the vectors with the second half moves the top bit of each element's index to the bottom; after log2(width)
/// times columns are rows.
ARBEX_INLINE void transpose(float *y, long yrow, const float *x, long xrow, long rows) {
  vector from[WIDTH], to[WIDTH];
  ARBEX_UNROLL for (int j = 0; j < WIDTH; j++) from[j] = j < rows ? ARBEX_LOAD(x + j * xrow) : (vector){0};
  ARBEX_UNROLL for (int done = 1; done < WIDTH; done *= 2) {
    ARBEX_UNROLL for (int j = 0; j < WIDTH / 2; j++) {
      to[2 * j] = ARBEX_ZIP_FIRST(from[j], from[j + WIDTH / 2]);
      to[2 * j + 1] = ARBEX_ZIP_SECOND(from[j], from[j + WIDTH / 2]);
    }
    ARBEX_UNROLL for (int j = 0; j < WIDTH; j++) from[j] = to[j];
  }
  ARBEX_UNROLL for (int k = 0; k < WIDTH; k++) ARBEX_STORE(y + k * yrow, from[k]);
}

/// Copies `columns` (at most COLUMNS) columns of `depth` rows of b side by side, the rest 0.
static void pack(float *panel, const float *b, long brow, long bcolumn, long depth, long columns) {
  if (bcolumn == 1 && columns == COLUMNS) {
    for (long k = 0; k < depth; k++)
      for (long j = 0; j < COLUMNS; j++) panel[k * COLUMNS + j] = b[k * brow + j];
    return;
  }
  long deep = brow == 1 ? depth / WIDTH * WIDTH : 0;
  for (long j = 0; j < COLUMNS; j += WIDTH)
    for (long k = 0; k < deep; k += WIDTH)
      if (columns - j >= WIDTH) transpose(panel + k * COLUMNS + j, COLUMNS, b + k + j * bcolumn, bcolumn, WIDTH);
      else transpose(panel + k * COLUMNS + j, COLUMNS, b + k + j * bcolumn, bcolumn, columns - j);
  for (long k = deep; k < depth; k++)
    for (long j = 0; j < COLUMNS; j++) panel[k * COLUMNS + j] = j < columns ? b[k * brow + j * bcolumn] : 0;
}

void ARBEX_NAME(multiply)(const float *a, long arow, long acolumn, const float *b, long brow, long bcolumn, float *c,
                          long cstride, long rows, long columns, long depth, float scale, int accumulating) {
  float panel[DEPTH * COLUMNS] __attribute__((aligned(64))), edge[ROWS * COLUMNS] __attribute__((aligned(64)));
  for (long k = 0; k < depth; k += DEPTH) {
    long deep = depth - k < DEPTH ? depth - k : DEPTH;
    int adding = accumulating || k > 0;
    for (long j = 0; j < columns; j += COLUMNS) {
      long wide = columns - j < COLUMNS ? columns - j : COLUMNS;
      const float *right = b + k * brow + j * bcolumn;
      long step = brow;
      if (bcolumn == 0) {
        right = b + j / COLUMNS * brow + k * COLUMNS;
        step = COLUMNS;
      } else if (bcolumn != 1 || wide < COLUMNS || rows > 8 * ROWS) {  // for few rows a panel is not worth the copy
        pack(panel, right, brow, bcolumn, deep, wide);
        right = panel;
        step = COLUMNS;
      }
      for (long i = 0; i < rows; i += ROWS) {
        long high = rows - i < ROWS ? rows - i : ROWS;
        const float *left = a + i * arow + k * acolumn;
        float *to = c + i * cstride + j;
        if (wide == COLUMNS) {
          blocks[high](left, arow, acolumn, right, step, to, cstride, deep, scale, adding);
          continue;
        }
        blocks[high](left, arow, acolumn, right, step, edge, COLUMNS, deep, scale, 0);
        for (long r = 0; r < high; r++)
          for (long l = 0; l < wide; l++)
            to[r * cstride + l] = (adding ? to[r * cstride + l] : 0) + edge[r * COLUMNS + l];
      }
    }
  }
}

void ARBEX_NAME(pack_panels)(float *y, const float *b, long brow, long bcolumn, long depth, long columns) {
  for (long j = 0; j < columns; j += COLUMNS, y += depth * COLUMNS)
    pack(y, b + j * bcolumn, brow, bcolumn, depth, columns - j < COLUMNS ? columns - j : COLUMNS);
}
