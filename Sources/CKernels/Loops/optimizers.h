// Adam (Kingma and Ba 2015) as PyTorch computes it. `shrink` multiplies the value first (decoupled decay, 1 without);
// `decay` times the value joins the gradient (L2 decay, 0 without).
void ARBEX_NAME(adam)(float *out, const float *value, const float *gradient, float *first, float *second,
                      arbex_adam_factors f, long n) {
  ARBEX_IN_PLACE
  for (long i = 0; i < n; i++) {
    float g = gradient[i] + f.decay * value[i];
    float m = first[i] + f.oneMinusBeta1 * (g - first[i]);
    float v = f.beta2 * second[i] + f.oneMinusBeta2 * g * g;
    first[i] = m;
    second[i] = v;
    float deviation = __builtin_elementwise_sqrt(v) / f.rootCorrection2 + f.epsilon;
    out[i] = f.shrink * value[i] - f.stepSize * (m / deviation);
  }
}

// The first step has no velocity yet: it takes the gradient itself, undamped, as PyTorch does.
void ARBEX_NAME(momentum)(float *out, const float *value, const float *gradient, float *velocity,
                          arbex_momentum_factors f, long n) {
  ARBEX_IN_PLACE
  for (long i = 0; i < n; i++) {
    float g = gradient[i] + f.decay * value[i];
    float u = f.isFirst ? g : f.momentum * velocity[i] + f.oneMinusDampening * g;
    velocity[i] = u;
    out[i] = value[i] - f.learningRate * (f.nesterov ? g + f.momentum * u : u);
  }
}

void ARBEX_NAME(blend_into)(float *y, const float *x, float share, long n) {
  for (long i = 0; i < n; i++) y[i] += share * (x[i] - y[i]);
}

double ARBEX_NAME(square_sum)(const float *x, long n) {
  ARBEX_REASSOCIATE
  double sum = 0;
  for (long i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
  return sum;
}

double ARBEX_NAME(scaled_square_sum)(const float *x, const float *scale, long n) {
  ARBEX_REASSOCIATE
  double sum = 0;
  for (long i = 0; i < n; i++) {
    double v = (double)x[i] * (double)scale[i];
    sum += v * v;
  }
  return sum;
}

long ARBEX_NAME(count_nonfinite)(const float *x, long n) {
  long count = 0;
  for (long i = 0; i < n; i++) count += !(__builtin_elementwise_abs(x[i]) <= 3.4028234663852886e38f);
  return count;
}
