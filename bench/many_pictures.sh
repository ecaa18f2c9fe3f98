#!/usr/bin/env bash
# Whether a long run grows in memory or slows down:
#   bench/many_pictures.sh [--shrike PROGRAM] [--count N] FOLDER [detect's options]
# Gives N (10000) and 500 more links to the pictures of FOLDER, in turn, to one `shrike detect --json`. For each
# tenth of them it prints the pictures a second, the processor's time for each picture in ms (which
# says more where the machine is busy), and the memory that the process holds at the end (VmRSS) in
# MB; last the most it ever held (VmHWM).
set -euo pipefail

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
shrike=$root/build/release/shrike
count=10000
while [ $# -gt 0 ]; do
  case $1 in
    --shrike) shrike=${2:?"--shrike needs a program"} && shift ;;
    --count) count=${2:?"--count needs a number"} && shift ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || {
  sed -n '2,/^set/{/^# /s/^# //p}' "${BASH_SOURCE[0]}" >&2
  exit 2
}
folder=$(readlink -f -- "$1") && shift
((count >= 20)) || {
  echo "many_pictures: --count of at least 20" >&2
  exit 2
}
links=$(mktemp -d)
trap 'rm -rf -- "$links"' EXIT
shopt -s nullglob nocaseglob
pictures=("$folder"/*.jpg "$folder"/*.jpeg "$folder"/*.png)
[ ${#pictures[@]} -gt 0 ] || {
  echo "many_pictures: no pictures in $folder" >&2
  exit 2
}
rest=500 # more lines than the pipe holds: the process is still there when the last row is printed
for ((i = 0; i < count + rest; ++i)); do
  picture=${pictures[i % ${#pictures[@]}]}
  printf -v name '%s/%08d.%s' "$links" "$i" "${picture##*.}"
  printf '%s\0%s\0' "$picture" "$name"
done | xargs -0 -n 2 ln -s

# A number of /proc/PID/status in kB, as MB.
held() { awk -v key="$1:" '$1 == key { printf "%.1f", $2 * 1024 / 1e6 }' "/proc/$pid/status"; }

tenths() { echo "$(($1 / 10)).$(($1 % 10))"; }

# Milliseconds of the processor that the process has taken.
busy() {
  local stat
  stat=$(< "/proc/$pid/stat")
  read -r -a fields <<< "${stat##*) }" # from the third on: proc(5)
  echo $(((fields[11] + fields[12]) * 1000 / ticks))
}
ticks=$(getconf CLK_TCK)

exec 3< <(exec "$shrike" detect --json "$@" "$links")
pid=$!
begin=${EPOCHREALTIME/[.,]/} busy_before=0 held_now="" most=""
tenth=$((count / 10)) seen=0 since=0
while IFS= read -r _ <&3; do
  seen=$((seen + 1))
  ((seen - since == tenth && seen <= count)) || continue
  now=${EPOCHREALTIME/[.,]/} busy_now=$(busy) held_now=$(held VmRSS) most=$(held VmHWM)
  printf 'pictures %6d to %6d  %7s /s  %7s ms each  %6s MB\n' "$((since + 1))" "$seen" \
    "$(tenths $((tenth * 10000000 / (now - begin))))" \
    "$(tenths $(((busy_now - busy_before) * 10 / tenth)))" "$held_now"
  begin=$now busy_before=$busy_now since=$seen
done
echo "at most $most MB"
((seen == count + rest)) || {
  echo "many_pictures: $seen of $((count + rest)) pictures were looked at" >&2
  exit 1
}
