#!/usr/bin/env bash
# One training as a Slurm job, over as many tasks and nodes as are asked for. Whenever its time is over it saves, puts itself back
# into the queue and goes on, until the training is done.
#
#   sbatch Recipes/cluster/train.sh RECIPE DIR [FLAG...]
#   sbatch --nodes 4 --ntasks-per-node 2 --cpus-per-task 16 --time 12:00:00 Recipes/cluster/train.sh Recipes/arbex.json5 runs/mine
#
# RECIPE and DIR as of `arbex train RECIPE --out DIR`; FLAGs are its others, as --set training.epochs=100. DIR lies where all nodes
# see it. More than one task needs an arbex that was built with MPI. From the environment of `sbatch`:
#
#   PROGRAM   the arbex that is run (arbex)
#   MPI       how Slurm brings tasks together (pmix; none where there is one task and the cluster has no PMIx)
#
# What sbatch is told on its command line counts before these:
#SBATCH --job-name=arbex-train
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --output=%x-%j.out
#SBATCH --open-mode=append
#SBATCH --requeue
# Two minutes before the end of the time the tasks get SIGUSR1, not this script (that would be B:USR1). A step of training and
# a checkpoint must fit into that time.
#SBATCH --signal=USR1@120
set -euo pipefail
if [ $# -lt 2 ]; then
  echo "usage: sbatch [FLAG...] $0 RECIPE DIR [FLAG of arbex train...]" >&2
  exit 2
fi
recipe=$1 run=$2
shift 2
# The same script starts a run and goes on with it. A run without a checkpoint begins anew.
if [ -e "$run/checkpoints/last.safetensors" ] || [ -e "$run/checkpoints/previous.safetensors" ]; then
  set -- --resume "$@"
fi
threads=${SLURM_CPUS_PER_TASK:-1}
export ARBEX_THREADS=${ARBEX_THREADS:-$threads}
code=0
srun --mpi="${MPI:-pmix}" --cpus-per-task="$threads" "${PROGRAM:-arbex}" train "$recipe" --out "$run" "$@" || code=$?
case $code in
75 | 138 | 143)
  # 75: saved, and to be continued. 138, 143: the signal came before there was anything to save.
  echo "job $SLURM_JOB_ID: to be continued (exit code $code), back into the queue"
  scontrol requeue "$SLURM_JOB_ID"
  ;;
esac
exit "$code"
