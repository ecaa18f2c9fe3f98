#!/usr/bin/env bash
# Training by two hosts, which are two network namespaces of this one with addresses of their own and
# a link between them. As root, with iproute2:
#   bench/ranks.sh [--shrike PROGRAM] cut OUT SECONDS OPTIONS...   trains, without --out; the link is cut after
#       that many seconds and both sides are timed until they have ended; then it is mended, and the run is gone
#       on with to its end
#   bench/ranks.sh [--shrike PROGRAM] link OUT RATE DELAY OPTIONS...   trains over a link of that rate
#       (1gbit, 100mbit; -: as fast as it goes) and delay each way (1ms; -: none), and prints images a second
#       of the last epoch
# Each side computes on a core of its own, with one thread.
set -euo pipefail
cd "$(dirname "$0")/.."

shrike=build/release/shrike
if [[ ${1:-} == --shrike ]]; then
  shrike=$2
  shift 2
fi
[[ $# -ge 3 ]] || { sed -n '2,11s/^# //p' "$0" >&2; exit 2; }
mode=$1 out=$2
shift 2
port=29517
names=(shrike-a shrike-b) addresses=(10.77.0.1 10.77.0.2)

hosts_down() { for name in "${names[@]}"; do ip netns del "$name" 2> /dev/null || true; done; }

hosts_up() {
  hosts_down
  ip netns add "${names[0]}"
  ip netns add "${names[1]}"
  ip link add link0 netns "${names[0]}" type veth peer name link0 netns "${names[1]}"
  for side in 0 1; do
    ip -n "${names[side]}" addr add "${addresses[side]}/24" dev link0
    ip -n "${names[side]}" link set lo up
    ip -n "${names[side]}" link set link0 up
  done
}

# A rate that tbf makes, and a delay behind it that netem makes.
limit_link() {
  local rate=$1 delay=$2
  for name in "${names[@]}"; do
    if [[ $delay != - ]]; then
      ip netns exec "$name" tc qdisc add dev link0 root handle 1: netem delay "$delay" limit 100000
    fi
    if [[ $rate != - ]]; then
      local place=(root)
      [[ $delay == - ]] || place=(parent 1:)
      ip netns exec "$name" tc qdisc add dev link0 "${place[@]}" handle 2: \
        tbf rate "$rate" burst 256kb latency 400ms
    fi
  done
}

# One rank's words behind `shrike train`, in its namespace, on its core.
on_side() {
  local side=$1
  shift
  ip netns exec "${names[side]}" env RANK="$side" WORLD_SIZE=2 MASTER_ADDR="${addresses[0]}" \
    MASTER_PORT=$port ${SHRIKE_BEFORE:-} taskset -c "$side" "$shrike" train --threads 1 "$@"
}

# Both; the exit code of the first side that has another than 0.
on_both() {
  on_side 1 "$@" > /dev/null &
  local other=$! code=0
  on_side 0 "$@" || code=$?
  wait $other || code=$((code ? code : $?))
  return $code
}

trap hosts_down EXIT
hosts_up
case $mode in
  cut)
    seconds=$1
    shift
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
    on_both --resume "$out"
    ;;
  link)
    limit_link "$1" "$2"
    printf '%-8s %-6s ' "$1" "$2"
    shift 2
    rm -rf "$out"
    on_both "$@" --out "$out" > /dev/null
    awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "images_per_second") c = i } END { print $c, "images/s" }' \
      "$out/results.csv"
    ;;
  *) echo "cut or link, not $mode" >&2; exit 2 ;;
esac
