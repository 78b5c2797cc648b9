#!/bin/bash
# A one-node Slurm cluster on this machine (Debian, as root): evaluates the demo scenes as an array of 8 tasks, kills two of them and the node's
# daemon, and checks that the merged table equals that of one process.
#
#   Tools/cluster/test_slurm.sh path/to/zoo
set -euo pipefail

zoo=$(readlink -f "$1")
repository=$(cd "$(dirname "$0")/../.." && pwd)
call="pointing ViT-Ti-8-emoji --data $repository/Examples/eval --size 192 --method legrad,lrp,transformer-attribution,rollout"

for package in slurm-wlm munge; do
  dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null | grep -q '^installed$' || missing="${missing:-} $package"
done
if [ -n "${missing:-}" ]; then
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

work=$(mktemp -d)
mkdir "$work/state" "$work/spool" "$work/bin" "$work/runs"
ln -s "$zoo" "$work/bin/zoo"
export PATH="$work/bin:$PATH" ZOO_HOME="$work/zoo" SLURM_CONF="$work/slurm.conf" RUNS="$work/runs"

pid() { cat "$work/$1.pid" 2>/dev/null || true; }
stop() {
  scancel --quiet --user="$(id -un)" 2>/dev/null || true
  sleep 1
  for name in slurmd slurmctld munged; do
    [ -z "$(pid $name)" ] || kill "$(pid $name)" 2>/dev/null || true
  done
  sleep 1
  rm -rf "$work"
}
trap stop EXIT
fail() { echo "FAILED: $1" >&2; cat "$work"/*.log >&2 2>/dev/null | tail -40; exit 1; }
# Waits up to so many seconds for a command to succeed.
wait_for() {
  local seconds=$1
  shift
  for ((i = 0; i < seconds * 5; i++)); do "$@" && return 0; sleep 0.2; done
  return 1
}

head -c 1024 /dev/urandom > "$work/munge.key"
chmod 400 "$work/munge.key"
munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
  --log-file="$work/munged.log" --seed-file="$work/munged.seed"

host=$(hostname -s)
cat > "$work/slurm.conf" <<CONF
ClusterName=zoo
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
JobRequeue=1
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
slurmctld
slurmd
idle() { sinfo -h -o %T | grep -qE '^(idle|mixed|allocated)$'; }
wait_for 30 idle || fail "the node does not come up"
echo "cluster: $(sinfo -h -o '%D node, %c processors, %T'), $(slurmctld -V)"

zoo convert "$repository/Examples/ViT-Ti-8-emoji" > /dev/null
# shellcheck disable=SC2086
zoo eval $call --threads 1 --run "$work/single" --csv --per-class > "$work/single.csv"
echo "one process: $(wc -l < "$work/single/rows.jsonl") pictures"

cd "$work"
# shellcheck disable=SC2086
job=$(sbatch --parsable --array=1-8 --cpus-per-task=1 --mem=0 "$repository/Examples/slurm/eval.sbatch" $call)
rows() { cat "$RUNS/$1/rows.jsonl" 2>/dev/null | wc -l; }
# A task that has measured three pictures; by then the process ids of its zoo are in a file.
measuring() { [ "$(rows "$1")" -ge 3 ] && pgrep -f "zoo eval .*--run $RUNS/$1 " > "$work/victim"; }
state() { scontrol show job "${job}_$1" 2>/dev/null | grep -oE 'JobState=[A-Z]+' | head -1; }

# Kills the command of the first task, which its script requeues.
wait_for 120 measuring 1 || fail "task 1 does not begin"
kill -KILL "$(head -1 "$work/victim")"
echo "task 1: zoo killed after $(rows 1) pictures"

# Kills the second task with its script: Slurm marks it as failed, and we requeue it.
wait_for 300 measuring 2 || fail "task 2 does not begin"
script=$(ps -o ppid= -p "$(head -1 "$work/victim")" | tr -d ' ')
kill -KILL "$script" "$(head -1 "$work/victim")"
echo "task 2: script and zoo killed after $(rows 2) pictures"
failed() { state 2 | grep -qE 'FAILED|CANCELLED|NODE_FAIL'; }
wait_for 60 failed || fail "task 2 is $(state 2)"
scontrol requeue "${job}_2"

# Kills the node's daemon while tasks are running.
wait_for 300 measuring 3 || fail "task 3 does not begin"
kill -KILL "$(pid slurmd)"
echo "node: slurmd killed while task 3 has $(rows 3) pictures"
sleep 3
slurmd

finished() { ! squeue -h -j "$job" 2>/dev/null | grep -q .; }
wait_for 1800 finished || fail "the array does not end: $(squeue)"
echo "array: done, $(cat "$work"/zoo-eval-*.log | grep -c 'back into the queue') task put itself back"
grep -l "back into the queue" "$work"/zoo-eval-*.log > /dev/null || fail "no task was put back"

zoo eval merge --csv --per-class "$RUNS"/* > "$work/merged.csv" || fail "the shards cannot be merged"
cmp "$work/single.csv" "$work/merged.csv" || fail "the tables differ"
for run in "$RUNS"/*; do cat "$run/rows.jsonl"; done | sort > "$work/rows"
sort "$work/single/rows.jsonl" | cmp - "$work/rows" || fail "the rows differ"
echo "merged: $(wc -l < "$work/rows") rows and the table of $(wc -l < "$work/merged.csv") lines are those of one process, byte for byte"
