#include "CProcess.h"

#include <sys/auxv.h>

static int count;
static char **values;

// The C library hands them to whatever runs before `main`.
__attribute__((constructor)) static void note_arguments(int argument_count, char **argument_values) {
  count = argument_count;
  values = argument_values;
}

int arbex_argument_count(void) { return count; }

char **arbex_arguments(void) { return values; }

const char *arbex_program(void) { return (const char *)getauxval(AT_EXECFN); }
