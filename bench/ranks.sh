#!/usr/bin/env bash
# Training by hosts which are network namespaces of this one, with addresses of their own and links
# between them. As root, with iproute2:
#   bench/ranks.sh [OPTIONS] cut OUT SECONDS WORDS...   trains by two, without --out in WORDS; the link is cut
#       after that many seconds and both sides are timed until they have ended; then it is mended, and the run
#       is gone on with to its end
#   bench/ranks.sh [OPTIONS] link OUT RATE DELAY WORDS...   trains over links of that rate (1gbit, 100mbit; -: as
#       fast as it goes) and delay each way (1ms; -: none), which link_relay.py makes, and prints a line for
#       ranks_model.py: ranks, rate, delay, seconds a step (the median of all epochs but the first), where an
#       epoch is one batch. RATE wire: two, without the relay
#   bench/ranks.sh [OPTIONS] alone OUT WORDS...   the same of as many processes that do not know of each other
# OPTIONS: --shrike PROGRAM; --ranks N (2). Ranks compute with one thread each, on one core after the other.
# SHRIKE_BEFORE goes before the program, SHRIKE_RELAY before the relay: "chrt -f 50" and "chrt -f 60" where
# other work is on the machine.
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
[[ $# -ge 3 ]] || { sed -n '2,16s/^# //p' "$0" >&2; exit 2; }
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

# What --batch is followed by.
batch_of() {
  while [[ $# -gt 1 && $1 != --batch ]]; do shift; done
  echo "${2:-16}"
}

trap all_down EXIT
case $mode in
  cut)
    seconds=$1
    shift
    wire_up
    rm -rf "$out"
    cut_at=$(($(date +%s) + seconds))
    until_its_end() {
      local side=$1 code=0
      shift
      on_side "$side" "$@" || code=$?
      echo "side $side: exit code $code, $(($(date +%s) - cut_at)) s after the cut"
    }
    until_its_end 1 "$@" --out "$out" &
    until_its_end 0 "$@" --out "$out" &
    sleep "$seconds"
    ip -n "${names[0]}" link set link0 down
    wait
    ip -n "${names[0]}" link set link0 up
    on_all --resume "$out"
    ;;
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
  *) echo "cut, link or alone, not $mode" >&2; exit 2 ;;
esac
