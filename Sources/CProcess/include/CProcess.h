/// What the end of a process needs and Swift cannot say: a value of each thread's own that a signal handler may read, and
/// that handler.
#pragma once

/// The beginning of the sentence with which this thread would end the process: `encoder "wmcsa-vit"`. NULL where it
/// runs no component's code.
const char *arbex_running(void);
/// Sets it. The text must stay for as long as the process lives.
void arbex_set_running(const char *title);

/// What lists of threads call this one; at most 15 bytes of it.
void arbex_name_thread(const char *name);

/// From now on, a trap (a failed check of Swift's, such as an index out of range or an overflow; a bad address) ends the
/// process with one sentence on standard error and exit code 1. Nothing happens where the environment says something of
/// SWIFT_BACKTRACE: the Swift runtime then tells of the trap in its own way.
void arbex_tell_of_traps(void);

/// The words that the process was started with, the program's name first. Swift reads them from /proc, which a bare root may
/// not have.
int arbex_argument_count(void);
/// As many texts, and NULL behind them.
char **arbex_arguments(void);
/// The path by which the system was asked to start the program; NULL where it does not tell.
const char *arbex_program(void);
