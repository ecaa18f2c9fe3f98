#!/usr/bin/env bash
# How long a fresh process takes for one picture, and how much of that is not the network:
#   bench/startup.sh [--shrike PROGRAM] [--runs N] PICTURE [detect's options, --threads 1 when absent]
# Starts `shrike detect --json PICTURE` N times (20) one after the other, model and picture in the system's
# cache. Prints the least and the median in ms of
#   whole    from before exec to after the process has gone
#   network  "inference" of the line it prints: the first run, page faults and all
#   rest     all else: the program's start and end, model, picture, letterbox, boxes
#   start    `shrike version`: what the program's own start and end take of it
# and the most memory that a run took, in MB. On a busy machine: chrt -f 50 taskset -c 1 bench/startup.sh ...
set -euo pipefail

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
shrike=$root/build/release/shrike
runs=20
while [ $# -gt 0 ]; do
  case $1 in
    --shrike) shrike=${2:?"--shrike needs a program"} && shift ;;
    --runs) runs=${2:?"--runs needs a number"} && shift ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || {
  sed -n '2,/^set/{/^# /s/^# //p}' "${BASH_SOURCE[0]}" >&2
  exit 2
}
case " $* " in
  *" --threads"[\ =]*) ;;
  *) set -- "$@" --threads 1 ;;
esac

# Microseconds that the command takes; its output is in $output.
timed() {
  local begin=${EPOCHREALTIME/[.,]/}
  output=$("$@")
  local end=${EPOCHREALTIME/[.,]/}
  took=$((end - begin))
}

# The least and the median of the words, each in microseconds, as milliseconds.
summary() {
  printf '%s\n' "${@:2}" | sort -n | awk -v name="$1" '
    { value[NR] = $1 }
    END { printf "%-8s %6.1f ms least, %6.1f ms median\n", name, value[1] / 1000, value[int((NR + 1) / 2)] / 1000 }'
}

whole=() network=() rest=() start=()
output='' took=0
for ((i = -1; i < runs; ++i)); do # the first, which may read from the disk, does not count
  timed "$shrike" version
  version=$took
  timed "$shrike" detect --json "$@"
  [[ $output =~ \"inference\":([0-9]+)\.([0-9]{0,3}) ]] || {
    echo "startup: no picture was looked at" >&2
    exit 1
  }
  fraction=${BASH_REMATCH[2]}000
  inference=$((BASH_REMATCH[1] * 1000 + 10#${fraction:0:3}))
  ((i >= 0)) || continue
  start+=("$version") whole+=("$took") network+=("$inference") rest+=($((took - inference)))
done
summary whole "${whole[@]}"
summary network "${network[@]}"
summary rest "${rest[@]}"
summary start "${start[@]}"
