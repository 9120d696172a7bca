// The loops for any CPU.
#include "CKernels.h"
#include <math.h>
#include <string.h>

#define ARBEX_NAME(name) arbex_##name##_baseline
#define ARBEX_WIDTH 4
#define ARBEX_ROWS 6
#include "Loops/loops.h"
