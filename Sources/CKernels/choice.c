#include "CKernels.h"
#include <stdlib.h>
#include <string.h>

static arbex_variant chosen = arbex_baseline;

arbex_variant arbex_best_variant(void) {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return arbex_avx512;
  if (__builtin_cpu_supports("x86-64-v3")) return arbex_avx2;
#endif
  return arbex_baseline;
}

arbex_variant arbex_chosen_variant(void) { return chosen; }

const char *arbex_variant_name(arbex_variant variant) {
  return variant == arbex_avx512 ? "avx512" : variant == arbex_avx2 ? "avx2" : "baseline";
}

/// Runs before `main`. A word that names nothing or nothing this CPU has is left to the command line to tell.
__attribute__((constructor)) static void choose(void) {
  const char *wanted = getenv("ARBEX_KERNELS");
  chosen = arbex_best_variant();
  for (arbex_variant v = arbex_baseline; wanted && v < chosen; v++)
    if (strcmp(wanted, arbex_variant_name(v)) == 0) chosen = v;
}
