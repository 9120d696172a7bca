void ARBEX_NAME(fill)(float *y, float value, long n) {
  for (long i = 0; i < n; i++) y[i] = value;
}
void ARBEX_NAME(add_into)(float *y, const float *x, long n) {
  for (long i = 0; i < n; i++) y[i] += x[i];
}
void ARBEX_NAME(scale_add_into)(float *y, const float *x, float s, long n) {
  for (long i = 0; i < n; i++) y[i] += s * x[i];
}
void ARBEX_NAME(interleave)(float *y, const float *a, const float *b, long n) {
  for (long i = 0; i < n; i++) {
    y[2 * i] = a[i];
    y[2 * i + 1] = b[i];
  }
}
void ARBEX_NAME(deinterleave)(float *a, float *b, const float *y, long n) {
  for (long i = 0; i < n; i++) {
    a[i] = y[2 * i];
    b[i] = y[2 * i + 1];
  }
}
void ARBEX_NAME(scale)(float *y, const float *x, float s, long n) {
  ARBEX_IN_PLACE
  for (long i = 0; i < n; i++) y[i] = s * x[i];
}

#define ARBEX_BINARY_LOOPS(OP)                                                        \
  if (astep && bstep) for (long i = 0; i < n; i++) y[i] = a[i] OP b[i];               \
  else if (astep) { float s = b[0]; for (long i = 0; i < n; i++) y[i] = a[i] OP s; }  \
  else if (bstep) { float s = a[0]; for (long i = 0; i < n; i++) y[i] = s OP b[i]; }  \
  else { float s = a[0] OP b[0]; for (long i = 0; i < n; i++) y[i] = s; }

void ARBEX_NAME(binary)(int operation, float *y, const float *a, long astep, const float *b, long bstep, long n) {
  switch (operation) {
    case 0: ARBEX_BINARY_LOOPS(+) break;
    case 1: ARBEX_BINARY_LOOPS(-) break;
    case 2: ARBEX_BINARY_LOOPS(*) break;
    default: ARBEX_BINARY_LOOPS(/) break;
  }
}

void ARBEX_NAME(exp)(float *y, const float *x, long n) {
  for (long i = 0; i < n; i++) y[i] = arbex_expf(x[i]);
}
void ARBEX_NAME(log)(float *y, const float *x, long n) {
  for (long i = 0; i < n; i++) y[i] = logf(x[i]);
}
void ARBEX_NAME(sqrt)(float *y, const float *x, long n) {
  for (long i = 0; i < n; i++) y[i] = __builtin_elementwise_sqrt(x[i]);
}
void ARBEX_NAME(sigmoid)(float *y, const float *x, long n) {
  for (long i = 0; i < n; i++) y[i] = 1.0f / (1.0f + arbex_expf(-x[i]));
}
// A NaN goes through, so that the trainer sees it.
void ARBEX_NAME(relu)(float *y, const float *x, long n) {
  for (long i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];
}
void ARBEX_NAME(relu_gradient)(float *dx, const float *dy, const float *y, long n) {
  ARBEX_IN_PLACE
  for (long i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

// GELU (Hendrycks and Gimpel 2016): x P(X <= x) for a standard normal X, by the error function.
ARBEX_INLINE float normal_cumulative(float x) {
  float tail = 0.5f * arbex_erfc_positive(__builtin_elementwise_abs(x) * 0.70710678118654752f);
  return x < 0 ? tail : 1.0f - tail;
}
void ARBEX_NAME(gelu)(float *y, const float *x, long n) {
  for (long i = 0; i < n; i++) y[i] = x[i] * normal_cumulative(x[i]);
}
void ARBEX_NAME(gelu_gradient)(float *dx, const float *dy, const float *x, long n) {
  ARBEX_IN_PLACE
  for (long i = 0; i < n; i++) {
    float density = 0.39894228040143268f * arbex_expf(-0.5f * x[i] * x[i]);
    dx[i] = dy[i] * (normal_cumulative(x[i]) + x[i] * density);
  }
}
void ARBEX_NAME(clamp)(float *y, const float *x, float lowest, float highest, long n) {
  for (long i = 0; i < n; i++) {
    float raised = x[i] < lowest ? lowest : x[i];
    y[i] = raised > highest ? highest : raised;
  }
}
void ARBEX_NAME(clamp_gradient)(float *dx, const float *dy, const float *x, float lowest, float highest, long n) {
  ARBEX_IN_PLACE
  for (long i = 0; i < n; i++) {
    float kept = x[i] < lowest ? 0 : dy[i];
    dx[i] = x[i] > highest ? 0 : kept;
  }
}
