// Winograd's minimal filtering F(m x m, 3x3) (Lavin and Gray 2016, sections 4.1 to 4.3): a tile of m x m outputs from
// n x n inputs, n = m + 2, by n² multiplications per channel pair instead of 9 m².
//
//     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
// Each matrix is applied to the rows and then to the columns of a tile; here it is, along one axis, for a vector of
// channels. F(4, 3) interpolates at 0, 1, -1, 2, -2 and infinity, which is the paper's choice; F(5, 3) at 0, 1, -1, 2,
// -2, 1/2 and infinity. In single precision their relative errors are about 2e-6 and 4e-6.
enum { LARGEST = 7 };

/// Bᵀ d of F(4, 3).
ARBEX_INLINE void input4(vector *o, const vector *d) {
  vector even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1], near = d[4] - d[2], far = 2.0f * (d[3] - d[1]);
  o[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
  o[1] = even + odd;
  o[2] = even - odd;
  o[3] = near + far;
  o[4] = near - far;
  o[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

/// Aᵀ m of F(4, 3).
ARBEX_INLINE void output4(vector *o, const vector *m) {
  vector first = m[1] + m[2], second = m[3] + m[4], one = m[1] - m[2], two = m[3] - m[4];
  o[0] = m[0] + first + second;
  o[1] = one + 2.0f * two;
  o[2] = first + 4.0f * second;
  o[3] = one + 8.0f * two + m[5];
}

/// A g of F(4, 3).
ARBEX_INLINE void gradient4(vector *o, const vector *g) {
  vector even = g[0] + g[2], odd = g[1] + g[3], far = g[0] + 4.0f * g[2], further = 2.0f * g[1] + 8.0f * g[3];
  o[0] = g[0];
  o[1] = even + odd;
  o[2] = even - odd;
  o[3] = far + further;
  o[4] = far - further;
  o[5] = g[3];
}

static const float G4[6][3] = {{0.25f, 0, 0},
                               {-1 / 6.0f, -1 / 6.0f, -1 / 6.0f},
                               {-1 / 6.0f, 1 / 6.0f, -1 / 6.0f},
                               {1 / 24.0f, 1 / 12.0f, 1 / 6.0f},
                               {1 / 24.0f, -1 / 12.0f, 1 / 6.0f},
                               {0, 0, 1}};

/// Bᵀ d of F(5, 3).
ARBEX_INLINE void input5(vector *o, const vector *d) {
  vector even = d[4] - 4.0f * d[2], near = d[4] - d[2];
  vector evens = even - 2.0f * (d[5] - 4.0f * d[3]), odds = (d[3] - 4.0f * d[1]) - 2.0f * even;
  vector nears = near - 2.0f * (d[5] - d[3]), fars = 2.0f * (d[3] - d[1]) - 4.0f * near;
  o[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
  o[0] = (4.0f * d[0] - 5.0f * d[2] + d[4]) - 2.0f * o[5];
  o[1] = evens + odds;
  o[2] = evens - odds;
  o[3] = nears + fars;
  o[4] = nears - fars;
  o[6] = 2.0f * (4.0f * d[2] - 5.0f * d[4] + d[6]) - o[5];
}

/// Aᵀ m of F(5, 3).
ARBEX_INLINE void output5(vector *o, const vector *m) {
  vector first = m[1] + m[2], second = m[3] + m[4], one = m[1] - m[2], two = m[3] - m[4];
  o[0] = (m[0] + m[5]) + first + second;
  o[1] = one + 2.0f * two + 0.5f * m[5];
  o[2] = first + 4.0f * second + 0.25f * m[5];
  o[3] = one + 8.0f * two + 0.125f * m[5];
  o[4] = first + 16.0f * second + (0.0625f * m[5] + m[6]);
}

/// A g of F(5, 3).
ARBEX_INLINE void gradient5(vector *o, const vector *g) {
  vector even = g[0] + g[2] + g[4], odd = g[1] + g[3];
  vector far = g[0] + 4.0f * g[2] + 16.0f * g[4], further = 2.0f * g[1] + 8.0f * g[3];
  o[0] = g[0];
  o[1] = even + odd;
  o[2] = even - odd;
  o[3] = far + further;
  o[4] = far - further;
  o[5] = (g[0] + 0.25f * g[2] + 0.0625f * g[4]) + (0.5f * g[1] + 0.125f * g[3]);
  o[6] = g[4];
}

static const float G5[7][3] = {{1 / 4.0f, 0, 0},
                               {1 / 6.0f, 1 / 6.0f, 1 / 6.0f},
                               {-1 / 18.0f, 1 / 18.0f, -1 / 18.0f},
                               {-1 / 72.0f, -1 / 36.0f, -1 / 18.0f},
                               {1 / 120.0f, -1 / 60.0f, 1 / 30.0f},
                               {32 / 45.0f, 16 / 45.0f, 8 / 45.0f},
                               {0, 0, 1 / 2.0f}};

/// G g: n values of three.
ARBEX_INLINE void kernel_rows(int n, const float (*G)[3], vector *o, vector g0, vector g1, vector g2) {
  ARBEX_UNROLL for (int i = 0; i < n; i++) {
    o[i] = G[i][0] * g0;
    if (G[i][1] != 0) o[i] += G[i][1] * g1;
    if (G[i][2] != 0) o[i] += G[i][2] * g2;
  }
}
