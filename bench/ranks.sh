#!/usr/bin/env bash
# Training by hosts which are network namespaces of this one, with addresses of their own and links
# between them. As root, with iproute2:
#   bench/ranks.sh [OPTIONS] cut OUT WHEN WORDS...   trains by two, without --out in WORDS, in OUT/cut; the link is
#       cut after WHEN seconds, or in the epoch behind the first half of --epochs (half), and both sides are timed
#       until they have ended; then it is mended, and the run is gone on with to its end. The same words once
#       more, in OUT/whole, with a link that is left alone; the APs of both. Exit code 1 where a side took more
#       than 60 s, ended otherwise than by a link (5), or APs are more than 0.01 apart
#   bench/ranks.sh [OPTIONS] link OUT RATE DELAY WORDS...   trains over links of that rate (1gbit, 100mbit; -: as
#       fast as it goes) and delay each way (1ms; -: none), which link_relay.py makes, and prints a line for
#       ranks_model.py: ranks, rate, delay, seconds a step (the median of all epochs but the first), where an
#       epoch is one batch. RATE wire: two, without the relay
#   bench/ranks.sh [OPTIONS] alone OUT WORDS...   the same of as many processes that do not know of each other
#   bench/ranks.sh [OPTIONS] pairs OUT COUNT WORDS...   no namespaces: trains in turn by one process with as many
#       threads as there are ranks, and by that many processes (--nproc); a line each time: images/s of one, of
#       many, times as many (the median of all epochs but the first, where an epoch is one batch), and the farthest
#       that a loss of any epoch is from the other's, in %
# OPTIONS: --shrike PROGRAM; --ranks N (2). Ranks compute with one thread each, on one core after the other.
# SHRIKE_BEFORE goes before the program, SHRIKE_RELAY before the relay: "chrt -r 50" and "chrt -r 60" where
# other work is on the machine (not -f: on one core a rank's own heartbeat would wait for its work).
set -euo pipefail
cd "$(dirname "$0")/.."

shrike=build/release/shrike ranks=2
while [[ ${1:-} == --* ]]; do
  case $1 in
    --shrike) shrike=$2 ;;
    --ranks) ranks=$2 ;;
    *) break ;;
  esac
  shift 2
done
[[ $# -ge 3 ]] || { sed -n '2,23s/^# //p' "$0" >&2; exit 2; }
mode=$1 out=$2
shift 2
port=29517 cores=$(nproc)
names=() sides=()
for ((side = 0; side < ranks; ++side)); do
  sides+=("$side")
  names+=("shrike-$side")
done

all_down() {
  [[ -z ${RELAY_PID:-} ]] || kill "$RELAY_PID" 2> /dev/null || true
  for name in "${names[@]}"; do ip netns del "$name" 2> /dev/null || true; done
}

names_up() {
  all_down
  for name in "${names[@]}"; do
    ip netns add "$name"
    ip -n "$name" link set lo up
  done
}

devices_up() {
  for side in "${sides[@]}"; do
    ip -n "${names[side]}" addr add "10.77.0.$((side + 1))/24" dev link0
    ip -n "${names[side]}" link set link0 "$@" up
  done
}

wire_up() {
  names_up
  ip link add link0 netns "${names[0]}" type veth peer name link0 netns "${names[1]}"
  devices_up
}

relay_up() {
  names_up
  coproc RELAY { exec ${SHRIKE_RELAY:-} bench/link_relay.py "$1" "$2" "${names[@]}"; }
  local ready
  read -r ready <&"${RELAY[0]}"
  devices_up mtu 9000 txqueuelen 10000
}

# The program on a side's core, behind what else is given: words, and then `train` and its own.
on_core() {
  local side=$1
  shift
  ${SHRIKE_BEFORE:-} taskset -c $((side % cores)) "$@"
}

# One rank, in its namespace.
on_side() {
  local side=$1
  shift
  on_core "$side" ip netns exec "${names[side]}" env RANK="$side" WORLD_SIZE="$ranks" \
    MASTER_ADDR=10.77.0.1 MASTER_PORT=$port "$shrike" train --threads 1 "$@"
}

# All; the exit code of the first side that has another than 0.
on_all() {
  local others=() code=0
  for side in "${sides[@]:1}"; do
    on_side "$side" "$@" > /dev/null &
    others+=($!)
  done
  on_side 0 "$@" || code=$?
  for other in "${others[@]}"; do wait "$other" || code=$((code ? code : $?)); done
  return $code
}

# The median of seconds a step, of results.csv files of runs of one batch of $1 pictures an epoch.
step_seconds() {
  local batch=$1
  shift
  awk -F, -v batch="$batch" 'FNR == 1 { for (i = 1; i <= NF; ++i) if ($i == "images_per_second") c = i }
    FNR > 2 { print batch / $c }' "$@" |
    sort -n | awk '{ v[NR] = $1 } END { printf "%.4f\n", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# What the word $1 is followed by in the others, or nothing.
value_of() {
  local name=$1
  shift
  while [[ $# -gt 1 && $1 != "$name" ]]; do shift; done
  echo "${2:-}"
}

# Pictures a step of those words.
batch_of() {
  local batch
  batch=$(value_of --batch "$@")
  echo "${batch:-16}"
}

# Epochs that a run's results.csv has.
epochs_in() { if [[ -e $1 ]]; then awk 'END { print NR - 1 }' "$1"; else echo 0; fi; }

# Of a run, the AP on val of its best epoch and of its last one.
aps_of() {
  awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "map50_95") c = i }
    NR > 1 { last = $c; if (last > best) best = last } END { printf "%.4f %.4f\n", best, last }' "$1/results.csv"
}

# The farthest that a loss of one run's epochs is from that of the other, in %.
farthest_loss() {
  awk -F, 'FNR == 1 { for (i = 1; i <= NF; ++i) name[i] = $i; next }
    FNR == NR { for (i = 1; i <= NF; ++i) first[FNR, i] = $i; next }
    { for (i = 1; i <= NF; ++i) if (name[i] ~ /_loss$/ && first[FNR, i] > 0) {
        off = 100 * ($i / first[FNR, i] - 1); if (off < 0) off = -off; if (off > most) most = off } }
    END { printf "%.4f\n", most }' "$1/results.csv" "$2/results.csv"
}

pairs() {
  local count=$1 pair batch one many
  shift
  batch=$(batch_of "$@")
  rm -rf "$out"
  for ((pair = 1; pair <= count; ++pair)); do
    ${SHRIKE_BEFORE:-} "$shrike" train "$@" --threads "$ranks" --out "$out/$pair/one" > /dev/null
    ${SHRIKE_BEFORE:-} "$shrike" train "$@" --nproc "$ranks" --out "$out/$pair/many" > /dev/null
    one=$(step_seconds "$batch" "$out/$pair/one/results.csv")
    many=$(step_seconds "$batch" "$out/$pair/many/results.csv")
    awk -v batch="$batch" -v one="$one" -v many="$many" -v far="$(farthest_loss "$out/$pair/one" "$out/$pair/many")" \
      'BEGIN { printf "%.1f %.1f %.2f %s\n", batch / one, batch / many, one / many, far }'
  done
}

# One side of a run until its end: its exit code and when that was, into a file.
until_its_end() {
  local side=$1 code=0
  shift
  on_side "$side" "$@" 2> "$out/side-$side.err" || code=$?
  echo "$code $(date +%s)" > "$out/side-$side.end"
}

# Waits for the moment to cut the link of the run in $2, or until a side has ended.
wait_until() {
  local when=$1 run=$2 epochs
  shift 2
  [[ $when == half ]] || { sleep "$when"; return; }
  epochs=$(value_of --epochs "$@")
  until [[ $(epochs_in "$run/results.csv") -ge $((epochs / 2)) || -e $out/side-0.end || -e $out/side-1.end ]]; do
    sleep 0.2
  done
  sleep 1  # steps of the next epoch are under way
}

# What became of a side whose link was cut at $2; fails where it is not what it should be.
judge_side() {
  local side=$1 cut_at=$2 code end
  read -r code end < "$out/side-$side.end"
  echo "side $side: exit code $code, $((end - cut_at)) s after the cut: $(tail -n 1 "$out/side-$side.err")"
  [[ $code == 5 && $((end - cut_at)) -ge 0 && $((end - cut_at)) -le 60 ]]
}

cut_and_go_on() {
  local when=$1 cut_at wrong=0 best last whole_best whole_last
  shift
  rm -rf "$out"
  mkdir -p "$out"
  wire_up
  until_its_end 1 "$@" --out "$out/cut" > /dev/null &
  until_its_end 0 "$@" --out "$out/cut" &
  wait_until "$when" "$out/cut" "$@"
  ip -n "${names[0]}" link set link0 down
  cut_at=$(date +%s)
  echo "the link is cut after $(epochs_in "$out/cut/results.csv") epochs"
  wait
  for side in 0 1; do judge_side $side "$cut_at" || wrong=1; done
  ip -n "${names[0]}" link set link0 up
  if [[ -e $out/cut/args.json ]]; then on_all --resume "$out/cut"; else on_all "$@" --out "$out/cut"; fi
  on_all "$@" --out "$out/whole"
  read -r best last < <(aps_of "$out/cut")
  read -r whole_best whole_last < <(aps_of "$out/whole")
  echo "AP of the best epoch: $best cut, $whole_best not; of the last one: $last cut, $whole_last not"
  awk -v a="$best" -v b="$whole_best" -v c="$last" -v d="$whole_last" \
    'function far(x, y) { return x - y > 0.01 || y - x > 0.01 } BEGIN { exit far(a, b) || far(c, d) }' || wrong=1
  return $wrong
}

trap all_down EXIT
case $mode in
  cut) cut_and_go_on "$@" ;;
  link)
    rate=$1 delay=$2
    shift 2
    if [[ $rate == wire ]]; then wire_up; else relay_up "$rate" "$delay"; fi
    rm -rf "$out"
    on_all "$@" --out "$out" > /dev/null
    echo "$ranks $rate $delay $(step_seconds "$(batch_of "$@")" "$out/results.csv")"
    ;;
  alone)
    rm -rf "$out"
    mkdir -p "$out"
    for side in "${sides[@]}"; do
      on_core "$side" "$shrike" train --threads 1 "$@" --out "$out/$side" > /dev/null &
    done
    wait
    echo "alone - - $(step_seconds "$(batch_of "$@")" "$out"/*/results.csv)"
    ;;
  pairs) pairs "$@" ;;
  *) echo "cut, link, alone or pairs, not $mode" >&2; exit 2 ;;
esac
