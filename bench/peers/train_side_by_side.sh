#!/usr/bin/env bash
# Images per second in training, Shrike and Ultralytics taking turns, with the same settings:
#   bench/peers/train_side_by_side.sh --python PYTHON [--shrike PROGRAM] [--rounds N] [--epochs N] [--workers LIST] DATA
# DATA: a folder in YOLO's layout with a data.yaml. PYTHON: of an environment with ultralytics 8.4, torch and onnx
# (train_ultralytics.py). yolov8n from scratch, 320 pixels, batches of 16, 2 threads, pictures kept in memory; each
# round (2) begins a run of 60 epochs twice, and ends it after N epochs (3). Prints a line a run: images per second
# by the median of its epochs but the first, which reads the pictures, without validation; and the most memory of
# all its processes, in MB. Of the numbers of workers in LIST ("0 1 2 4") each has a run of Ultralytics before the rounds,
# and the fastest takes part in them. On a busy machine: chrt -f 50 bench/peers/train_side_by_side.sh ...
set -euo pipefail

root=$(dirname -- "$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")")
shrike=$root/build/release/shrike
python='' rounds=2 epochs=3 workers='0 1 2 4' data=''
while [ $# -gt 0 ]; do
  case $1 in
    --shrike) shrike=${2:?"--shrike needs a program"} && shift ;;
    --python) python=${2:?"--python needs a program"} && shift ;;
    --rounds) rounds=${2:?"--rounds needs a number"} && shift ;;
    --epochs) epochs=${2:?"--epochs needs a number"} && shift ;;
    --workers) workers=${2:?"--workers needs numbers"} && shift ;;
    --*) data='' && break ;;
    *) data=$1 ;;
  esac
  shift
done
if [ -z "$data" ] || [ -z "$python" ] || [ $# -gt 0 ]; then
  sed -n '2,/^set/{/^# /s/^# //p}' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# The rows that a run has written by now.
rows() { [ -f "$1" ] && wc -l <"$1" || echo 0; }

# Column NAME of a results.csv, a number a line.
column() {
  awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) at = i; next } { print $at }' "$1"
}

median() { sort -g | awk '{ x[NR] = $1 } END { print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'; }

run_shrike() {
  local out=$work/shrike$1 results=$work/shrike$1/results.csv
  "$shrike" train --scratch yolov8n --data "$data/data.yaml" --epochs 60 --imgsz 320 --batch 16 --seed 0 --threads 2 \
    --out "$out" >"$work/log" 2>&1 &
  local child=$!
  while [ "$(rows "$results")" -le "$epochs" ]; do
    kill -0 "$child" 2>/dev/null || { cat "$work/log" >&2 && exit 1; }
    sleep 0.1
  done
  kill -TERM "$child"
  wait "$child" || true
  printf 'shrike       %5.1f images/s  %5.0f MB\n' "$(column "$results" images_per_second | sed 1d | median)" \
    "$(column "$results" memory_mb | sort -g | tail -1)"
}

# Run NAME with so many workers: prints its line, and leaves its speed in $work/speed.
run_ultralytics() {
  local out=$work/ultralytics$1
  mkdir "$out"
  (cd "$out" && YOLO_OFFLINE=true "$python" "$root/bench/peers/train_ultralytics.py" "$data" "$out" --epochs 60 \
    --workers "$2" --until "$epochs" >"$work/log" 2>&1) || { cat "$work/log" >&2 && exit 1; }
  tail -1 "$work/log" | "$python" -c 'import json, sys
found = json.load(sys.stdin)
print("ultralytics  %5.1f images/s  %5.0f MB  %s workers" % (found["images_per_second"], found["peak_mb"], sys.argv[1]))
open(sys.argv[2], "w").write(str(found["images_per_second"]))' "$2" "$work/speed"
}

# The number of workers that is fastest, into `best`; lines as above.
find_workers() {
  local count fastest=0
  best=${workers%% *}
  [ "$best" != "$workers" ] || return 0
  for count in $workers; do
    run_ultralytics "-tried$count" "$count"
    if awk "BEGIN { exit !($(cat "$work/speed") > $fastest) }"; then
      fastest=$(cat "$work/speed") best=$count
    fi
  done
  echo "Ultralytics takes $best workers from here on"
}

data=$(readlink -f -- "$data")
find_workers
for ((round = 0; round < rounds; ++round)); do
  run_shrike "$round"
  run_ultralytics "$round" "$best"
done
