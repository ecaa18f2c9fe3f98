#!/usr/bin/env bash
# What it costs and saves that the threads of a training run look for each other only so often before they sleep:
#   bench/train_spins.sh [--shrike PROGRAM] [--rounds N] [--epochs N] [--busy N] [--spins LIST] DATA
# DATA: a folder in YOLO's layout with a data.yaml. yolov8n from scratch, 320 pixels, batches of 16, 2 threads. In each
# round (2) every number of LIST ("300000 100000 30000 10000 1000 0"; the first is libgomp's own) has a run as
# GOMP_SPINCOUNT, ended after N epochs (3), next to N programs that want a core each all the time (--busy; 0). Prints a
# line a run: images per second by the median of its epochs but the first, which reads the pictures.
set -euo pipefail

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
shrike=$root/build/release/shrike
rounds=2 epochs=3 busy=0 spins='300000 100000 30000 10000 1000 0' data=''
while [ $# -gt 0 ]; do
  case $1 in
    --shrike) shrike=${2:?"--shrike needs a program"} && shift ;;
    --rounds) rounds=${2:?"--rounds needs a number"} && shift ;;
    --epochs) epochs=${2:?"--epochs needs a number"} && shift ;;
    --busy) busy=${2:?"--busy needs a number"} && shift ;;
    --spins) spins=${2:?"--spins needs numbers"} && shift ;;
    --*) data='' && break ;;
    *) data=$1 ;;
  esac
  shift
done
if [ -z "$data" ] || [ $# -gt 0 ]; then
  sed -n '2,/^set/{/^# /s/^# //p}' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
work=$(mktemp -d)
others=() run=''
trap 'for pid in $run "${others[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf -- "$work"' EXIT

for ((i = 0; i < busy; ++i)); do
  (while :; do :; done) &
  others+=($!)
done
for ((round = 0; round < rounds; ++round)); do
  for count in $spins; do
    out=$work/$round-$count
    GOMP_SPINCOUNT=$count "$shrike" train --scratch yolov8n --data "$data/data.yaml" --epochs 60 --imgsz 320 --batch 16 \
      --seed 0 --threads 2 --out "$out" >"$work/log" 2>&1 &
    run=$!
    while [ ! -f "$out/results.csv" ] || [ "$(wc -l <"$out/results.csv")" -le "$epochs" ]; do
      kill -0 "$run" 2>/dev/null || { cat "$work/log" >&2 && exit 1; }
      sleep 0.2
    done
    kill -TERM "$run"
    wait "$run" || true
    run=''
    awk -F, '
      NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "images_per_second") at = i }
      NR > 2 { print $at }' "$out/results.csv" | sort -g | awk -v count="$count" -v busy="$busy" '
      { x[NR] = $1 }
      END { m = NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2
            printf "spins %6d  busy %d  %5.1f images/s\n", count, busy, m }'
    rm -rf -- "$out"
  done
done
