#!/usr/bin/env bash
# What --memory-limit costs:
#   bench/memory_limits.sh [--shrike PROGRAM] MODEL PICTURE MB...
# For each limit in MB (10^6 bytes; 0: none): the least time of 8 runs from the input tensor to boxes, one thread,
# in ms (`bench --decode`), and the most memory that this process and `detect` took, in MB, as the system counts
# it (time(1), its package is `time`). On a busy machine: chrt -f 50 taskset -c 1 bench/memory_limits.sh ...
set -euo pipefail

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
shrike=$root/build/release/shrike
if [ "${1-}" = --shrike ]; then
  shrike=${2:?"--shrike needs a program"}
  shift 2
fi
[ $# -gt 2 ] || {
  sed -n '2,/^set/{/^# /s/^# //p}' "${BASH_SOURCE[0]}" >&2
  exit 2
}
model=$1 picture=$2
shift 2

log=$(mktemp)
trap 'rm -f -- "$log"' EXIT
# Runs the command; its output is in $output, the most memory in MB in $most. False where it failed.
measured() {
  output=$(/usr/bin/time -f 'most %M' -o "$log" -- "$@" 2> /dev/null) || return 1
  most=$(awk '$1 == "most" { printf "%.1f", $2 * 1024 / 1e6 }' "$log")
}

printf '%8s  %10s  %10s  %10s\n' 'limit MB' 'network ms' 'bench MB' 'detect MB'
for limit; do
  options=(--model "$model" --threads 1 --memory-limit "$limit" --json)
  least=- bench=- detect=-
  if measured "$shrike" bench --decode --picture "$picture" --runs 8 "${options[@]}"; then
    [[ $output =~ \"min\":([0-9.]+) ]] && least=$(printf '%.1f' "${BASH_REMATCH[1]}")
    bench=$most
  fi
  if measured "$shrike" detect "$picture" "${options[@]}"; then detect=$most; fi
  printf '%8s  %10s  %10s  %10s\n' "$limit" "$least" "$bench" "$detect"
done
