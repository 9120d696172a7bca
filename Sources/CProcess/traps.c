#include "CProcess.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static _Thread_local const char *running;

const char *arbex_running(void) { return running; }
void arbex_set_running(const char *title) { running = title; }

void arbex_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Adds text where there is room.
static void add(char *sentence, size_t room, const char *text) {
  size_t used = strlen(sentence);
  while (used + 1 < room && *text) sentence[used++] = *text++;
  sentence[used] = 0;
}

/// Calls only what a signal handler may call.
static void tell(int signal) {
  char sentence[512] = "";
  if (isatty(STDERR_FILENO)) add(sentence, sizeof sentence, "\r\033[K");
  add(sentence, sizeof sentence, running ? running : "arbex");
  add(sentence, sizeof sentence,
      signal == SIGSEGV || signal == SIGBUS ? ": its code reached for memory that it does not have, or ran out of stack"
      : signal == SIGFPE                    ? ": its code divided by zero"
                                            : ": its code failed one of Swift's checks (an index, an overflow, a nil, memory)");
  add(sentence, sizeof sentence, "; SWIFT_BACKTRACE=enable=yes before the command shows where\n");
  for (size_t done = 0, count = strlen(sentence); done < count;) {
    ssize_t written = write(STDERR_FILENO, sentence + done, count - done);
    if (written <= 0) break;
    done += (size_t)written;
  }
  _exit(1);
}

void arbex_tell_of_traps(void) {
  static char room[64 << 10];
  if (getenv("SWIFT_BACKTRACE")) return;
  stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = tell, .sa_flags = SA_ONSTACK | SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  const int traps[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE};
  for (size_t place = 0; place < sizeof traps / sizeof *traps; place++) sigaction(traps[place], &action, NULL);
}
