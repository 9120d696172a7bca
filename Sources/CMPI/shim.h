#pragma once
#include <mpi.h>

// What mpi.h says in macros, which Swift cannot see.

static inline MPI_Comm arbex_mpi_world(void) { return MPI_COMM_WORLD; }

/// From now on calls of MPI return what went wrong, where they can.
static inline void arbex_mpi_return_errors(void) { MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN); }

static inline int arbex_mpi_send(const void *bytes, int count, int rank, int tag, MPI_Request *request) {
  return MPI_Isend(bytes, count, MPI_BYTE, rank, tag, MPI_COMM_WORLD, request);
}
static inline int arbex_mpi_receive(void *bytes, int count, int rank, int tag, MPI_Request *request) {
  return MPI_Irecv(bytes, count, MPI_BYTE, rank, tag, MPI_COMM_WORLD, request);
}
/// Everybody has to call it; sends what rank 0 has.
static inline int arbex_mpi_broadcast(void *bytes, int count, MPI_Request *request) {
  return MPI_Ibcast(bytes, count, MPI_BYTE, 0, MPI_COMM_WORLD, request);
}
/// Tells the places of requests that are done since the last time, which are none any more; -1 of them where none is left.
static inline int arbex_mpi_advance(int count, MPI_Request *requests, int *done, int *places) {
  int code = MPI_Testsome(count, requests, done, places, MPI_STATUSES_IGNORE);
  if (*done == MPI_UNDEFINED) *done = -1;
  return code;
}
