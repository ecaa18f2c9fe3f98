# shellcheck shell=bash disable=SC2154  # root and build are set by shrikew
# libFuzzer on every harness of tests/fuzz, two at a time. What it learns stays in
# build/fuzz/corpus/HARNESS for the next time; the input of a finding in build/fuzz/findings.

# fuzz_one MINUTES HARNESS: its log is build/fuzz/logs/HARNESS.log. Fails on a finding. Without
# -entropic=0 the counting of rare edges takes most of the time of a harness that has many. No input
# is so large that a single allocation of 256 MiB would be justified. It gives way to all other work;
# SHRIKE_FUZZ_NICE is another nice value, for a machine that is never idle.
fuzz_one() {
  local minutes=$1 harness=$2 work="$build/fuzz"
  mkdir -p "$work/corpus/$harness" "$work/findings" "$work/logs"
  local folders=("$work/corpus/$harness" "$work/seeds/$harness")
  [ ! -d "$root/tests/fuzz/corpus/$harness" ] || folders+=("$root/tests/fuzz/corpus/$harness")
  local TIMEFORMAT='%U %S'
  { time SHRIKE_HARNESS="$harness" nice -n "${SHRIKE_FUZZ_NICE:-19}" "$work/fuzz" \
    -max_total_time=$((minutes * 60)) -entropic=0 -timeout=10 -rss_limit_mb=2048 \
    -malloc_limit_mb=256 -print_final_stats=1 -artifact_prefix="$work/findings/$harness-" "${folders[@]}" \
    > "$work/logs/$harness.log" 2>&1; } 2> "$work/logs/$harness.time"
}

# What a log ends with: the processor's time, executions and the edges of the code that they
# reached.
fuzz_summary() {
  local log="$build/fuzz/logs/$1.log" seconds
  seconds=$(awk '{ printf "%.0f", $1 + $2 }' "$build/fuzz/logs/$1.time")
  printf '%-16s %5s s of a core, %12s executions, %6s edges\n' "$1" "$seconds" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
    "$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 | cut -d ' ' -f 2)"
}

# Waits for the first of running harnesses; what they were is in `running`, by process.
fuzz_wait() {
  local process status=0
  wait -n -p process || status=$?
  local harness=${running[$process]}
  unset "running[$process]"
  fuzz_summary "$harness"
  if [ "$status" -ne 0 ]; then
    findings+=("$harness")
    tail -n 40 "$build/fuzz/logs/$harness.log" >&2
    say "$harness: $(grep -o 'Test unit written to .*' "$build/fuzz/logs/$harness.log" ||
      printf 'see build/fuzz/logs/%s.log' "$harness")"
  fi
}

# run_fuzz MINUTES [HARNESS...]: all harnesses where none is named.
run_fuzz() {
  local minutes=$1 harness harnesses
  shift
  harnesses=("$@")
  [[ "$minutes" =~ ^[1-9][0-9]*$ ]] || fail "fuzz takes whole minutes, not '$minutes'"
  install_packages "$root/scripts/packages.txt" "$root/scripts/packages-fuzz.txt"
  configure fuzz
  compile fuzz fuzz fuzz_replay
  "$build/fuzz/fuzz_replay" --write-seeds "$build/fuzz/seeds" || fail "the seeds cannot be written"
  release_clone
  [ $# -gt 0 ] || mapfile -t harnesses < <(ls "$build/fuzz/seeds")
  local -A running=()
  local findings=()
  for harness in "${harnesses[@]}"; do
    [ -d "$build/fuzz/seeds/$harness" ] || fail "no harness $harness"
    while [ "${#running[@]}" -ge 2 ]; do fuzz_wait; done
    say "fuzzing $harness for $minutes minutes"
    fuzz_one "$minutes" "$harness" &
    running[$!]=$harness
  done
  while [ "${#running[@]}" -gt 0 ]; do fuzz_wait; done
  [ "${#findings[@]}" -eq 0 ] || {
    say "findings in ${findings[*]}: put the file into tests/fuzz/corpus/HARNESS and mend what it shows"
    exit 1
  }
}
