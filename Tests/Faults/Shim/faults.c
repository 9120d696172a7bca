// Lets one system call of a program fail, or ends the program there. A library for LD_PRELOAD, told by the environment:
//
//   FAULT_AT=K       the call that fails, counted from 1 over the whole process
//   FAULT_AS=WHAT    how: the name of an error (ENOSPC, EIO, EDQUOT, EFBIG, EMFILE, ENFILE, EACCES, EINTR), short (half of
//                    what a read or write asks for), kill (SIGKILL before the call), after (SIGKILL behind it), or
//                    lie (nothing is done, and success is claimed: for negative controls)
//   FAULT_LOG=FILE   a line of number, call and path for the failing call, or for every call where none shall fail
//   FAULT_CLOCK=S    the time of day is S seconds off; "jump" is an hour before and behind in turns
//   FAULT_HIDE=NAME  calls of this name are neither made nor counted: for negative controls
//
// Calls that the C library makes for itself, as in fopen or printf, are not seen.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum outcome { GOES_ON, FAILS, SHORTENED, LIES, ENDS_AFTER };

static atomic_long calls;
static long failing;
static int error_number;
static enum outcome outcome;
static int kills;
static const char *hidden = "", *clock_error;
static int log_file = -1;

static void __attribute__((constructor)) prepare(void) {
  static const struct { const char *name; int number; } errors[] = {
      {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EDQUOT", EDQUOT}, {"EFBIG", EFBIG}, {"EMFILE", EMFILE},
      {"ENFILE", ENFILE}, {"EACCES", EACCES}, {"EINTR", EINTR}, {"ENOMEM", ENOMEM}};
  const char *at = getenv("FAULT_AT"), *as = getenv("FAULT_AS"), *log = getenv("FAULT_LOG");
  clock_error = getenv("FAULT_CLOCK");
  if (getenv("FAULT_HIDE")) hidden = getenv("FAULT_HIDE");
  if (log) log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (!at || !as) return;
  failing = atol(at);
  outcome = FAILS;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (!strcmp(as, errors[i].name)) error_number = errors[i].number;
  if (!strcmp(as, "short")) outcome = SHORTENED;
  if (!strcmp(as, "lie")) outcome = LIES;
  if (!strcmp(as, "after")) outcome = ENDS_AFTER;
  kills = !strcmp(as, "kill");
}

static void note(long number, const char *name, const char *path, int descriptor) {
  char place[4096] = "", line[4400], link[64];
  if (log_file < 0) return;
  if (path) {
    snprintf(place, sizeof place, "%s", path);
  } else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, place, sizeof place - 1);
    place[length > 0 ? length : 0] = 0;
  }
  int length = snprintf(line, sizeof line, "%ld\t%s\t%s\n", number, name, place);
  syscall(SYS_write, log_file, line, (size_t)length);
}

/// What shall happen to the call that begins now. `path` is nil where a descriptor tells it.
static enum outcome begin(const char *name, const char *path, int descriptor) {
  if (!strcmp(name, hidden)) return LIES;
  long number = atomic_fetch_add(&calls, 1) + 1;
  int saved = errno;
  if (!failing || number == failing) note(number, name, path, descriptor);
  errno = saved;
  if (number != failing) return GOES_ON;
  if (kills) raise(SIGKILL);
  if (outcome == FAILS) errno = error_number;
  return outcome;
}

#define NEXT(name) \
  static __typeof__(&name) next; \
  if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/// Stands for a call that cannot be shortened: `made` is the call, `claimed` what a lie gives back.
#define WHOLE(title, path, descriptor, type, made, failed, claimed) \
  enum outcome what = begin(title, path, descriptor); \
  if (what == FAILS) return failed; \
  if (what == LIES) return claimed; \
  type result = made; \
  if (what == ENDS_AFTER) raise(SIGKILL); \
  return result

#define TRANSFER(title, descriptor, count, made, claimed) \
  enum outcome what = begin(title, NULL, descriptor); \
  if (what == FAILS) return -1; \
  if (what == LIES) return claimed; \
  if (what == SHORTENED && count > 1) count /= 2; \
  ssize_t result = made; \
  if (what == ENDS_AFTER) raise(SIGKILL); \
  return result

ssize_t write(int fd, const void *bytes, size_t count) {
  NEXT(write);
  size_t all = count;
  TRANSFER("write", fd, count, next(fd, bytes, count), (ssize_t)all);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t place) {
  NEXT(pwrite);
  size_t all = count;
  TRANSFER("pwrite", fd, count, next(fd, bytes, count, place), (ssize_t)all);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t place) { return pwrite(fd, bytes, count, place); }

ssize_t read(int fd, void *bytes, size_t count) {
  NEXT(read);
  TRANSFER("read", fd, count, next(fd, bytes, count), 0);
}

ssize_t pread(int fd, void *bytes, size_t count, off_t place) {
  NEXT(pread);
  TRANSFER("pread", fd, count, next(fd, bytes, count, place), 0);
}
ssize_t pread64(int fd, void *bytes, size_t count, off64_t place) { return pread(fd, bytes, count, place); }

int fsync(int fd) {
  NEXT(fsync);
  WHOLE("fsync", NULL, fd, int, next(fd), -1, 0);
}

int ftruncate(int fd, off_t length) {
  NEXT(ftruncate);
  WHOLE("ftruncate", NULL, fd, int, next(fd, length), -1, 0);
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

/// A close that reports an error has closed the file all the same, as Linux does.
int close(int fd) {
  NEXT(close);
  enum outcome what = begin("close", NULL, fd);
  int result = next(fd);
  if (what == ENDS_AFTER) raise(SIGKILL);
  if (what == FAILS) {
    errno = error_number;
    return -1;
  }
  return result;
}

int rename(const char *old, const char *new) {
  NEXT(rename);
  char both[8192];
  snprintf(both, sizeof both, "%s\t%s", old, new);
  WHOLE("rename", both, -1, int, next(old, new), -1, 0);
}

int renameat(int oldfd, const char *old, int newfd, const char *new) {
  NEXT(renameat);
  WHOLE("rename", new, -1, int, next(oldfd, old, newfd, new), -1, 0);
}

int link(const char *old, const char *new) {
  NEXT(link);
  WHOLE("link", new, -1, int, next(old, new), -1, 0);
}

int unlink(const char *path) {
  NEXT(unlink);
  WHOLE("unlink", path, -1, int, next(path), -1, 0);
}

int mkdir(const char *path, mode_t mode) {
  NEXT(mkdir);
  WHOLE("mkdir", path, -1, int, next(path, mode), -1, 0);
}

/// Opening to read is told from opening to write: a program may answer them with different exit codes.
static const char *opening(int flags) { return (flags & O_ACCMODE) == O_RDONLY ? "open" : "create"; }
#define MODE(flags) \
  mode_t mode = 0; \
  if (flags & (O_CREAT | O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

static int opened(int folder, const char *path, int flags, mode_t mode) {
  NEXT(openat);
  WHOLE(opening(flags), path, -1, int, next(folder, path, flags, mode), -1, -1);
}
int open(const char *path, int flags, ...) {
  MODE(flags);
  return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE(flags);
  return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE(flags);
  return opened(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags);
  return opened(folder, path, flags | O_LARGEFILE, mode);
}

/// Files brought into memory; memory alone is not counted.
void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t place) {
  NEXT(mmap);
  if (fd < 0 || flags & MAP_ANONYMOUS) return next(at, length, protection, flags, fd, place);
  WHOLE("mmap", NULL, fd, void *, next(at, length, protection, flags, fd, place), MAP_FAILED, MAP_FAILED);
}
void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t place) {
  return mmap(at, length, protection, flags, fd, place);
}

/// The time of day, wrong; the clock that only runs forward stays right.
int clock_gettime(clockid_t clock, struct timespec *time) {
  static atomic_long asked;
  NEXT(clock_gettime);
  int result = next(clock, time);
  if (clock_error && clock == CLOCK_REALTIME)
    time->tv_sec += strcmp(clock_error, "jump") ? atol(clock_error) : atomic_fetch_add(&asked, 1) % 2 ? 3600 : -3600;
  return result;
}
