#!/usr/bin/env bash
# A sweep as an array of Slurm jobs over one folder: each takes the next open job of the sweep until all are done, and takes over
# those of machines that failed. A job whose time is over saves, puts itself back into the queue and goes on.
#
#   sbatch Recipes/cluster/sweep.sh FILE DIR [FLAG...]
#   sbatch --array 1-32%16 --cpus-per-task 8 --time 4:00:00 Recipes/cluster/sweep.sh Recipes/sweeps/table-2-labels.json5 runs/table-2
#
# FILE and DIR as of `arbex sweep FILE --out DIR`; FLAGs are its others. DIR lies where all nodes see it. From the environment of
# `sbatch`: PROGRAM, the arbex that is run (arbex). `arbex sweep FILE --out DIR --status` tells who works at what.
#
# What sbatch is told on its command line counts before these:
#SBATCH --job-name=arbex-sweep
#SBATCH --array=1-4
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --output=%x-%A_%a.out
#SBATCH --open-mode=append
#SBATCH --requeue
# As in train.sh.
#SBATCH --signal=USR1@120
set -euo pipefail
if [ $# -lt 2 ]; then
  echo "usage: sbatch [FLAG...] $0 FILE DIR [FLAG of arbex sweep...]" >&2
  exit 2
fi
file=$1 folder=$2
shift 2
threads=${SLURM_CPUS_PER_TASK:-1}
export ARBEX_THREADS=${ARBEX_THREADS:-$threads}
code=0
srun --mpi=none --cpus-per-task="$threads" "${PROGRAM:-arbex}" sweep "$file" --out "$folder" --keep-going "$@" || code=$?
case $code in
75 | 138 | 143)
  echo "job $SLURM_JOB_ID: to be continued (exit code $code), back into the queue"
  scontrol requeue "$SLURM_JOB_ID"
  ;;
esac
exit "$code"
