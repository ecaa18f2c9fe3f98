# shellcheck shell=bash disable=SC2154  # root and build are set by shrikew
# The whole suite: unit tests of all folders, the tests under tests/, and those that compare with
# other people's programs (tests/peers) where these can be had.

# Python packages the peers need, in build/peers and nowhere else. Sets `peers_missing` to the
# reason when they cannot be had.
install_peers() {
  local list="$root/tests/peers/requirements.txt" folder="$build/peers" digest
  peers_missing=
  [ -e "$list" ] || return 0
  digest=$(digest_of "$list")
  if [ -d "$folder" ] && done_before peers "$digest"; then return; fi
  say "installing the Python packages of tests/peers into build/peers"
  rm -rf -- "$folder"
  if quietly "pip install (tests/peers)" python3 -m pip install --quiet \
    --disable-pip-version-check --only-binary :all: --target "$folder" --requirement "$list"; then
    mark_done peers "$digest"
  else
    rm -rf -- "$folder"
    peers_missing="its Python packages could not be installed (no network?)"
  fi
}

# skipped_cases LOG: the cases of test programs that were skipped, and why, of a log of ctest's: it
# knows of whole programs only.
skipped_cases() {
  awk '/: Skipped$/ { getline why }
       /^\[  SKIPPED \] .* \([0-9]+ ms\)$/ {
         sub(/,$/, "", $4)
         print "SKIPPED: " $4 ": " why
         why = ""
       }' "$1"
}

# run_suite PRESET: exit status of ctest; its summary, and what was skipped, are the last that is
# printed.
run_suite() {
  install_packages "$root/scripts/packages.txt" "$root/scripts/packages-test.txt"
  if [ "$1" = release ]; then
    install_libtorch
    configure release "${with_tests[@]}"
  else  # LibTorch has no sanitizers
    configure "$1" -DSHRIKE_TESTS=ON
  fi
  compile "$1"
  install_peers
  release_clone
  if [ -n "$peers_missing" ]; then
    say "SKIPPED: what tests/peers compares with other programs: $peers_missing"
  else
    export PYTHONPATH="$build/peers${PYTHONPATH:+:$PYTHONPATH}"
  fi
  "$build/$1/shrike" pull yolov3-tiny > /dev/null ||
    say "SKIPPED: tests on yolov3-tiny: it could not be fetched"
  [ -d "$root/../shared/models" ] ||
    say "SKIPPED: tests on the models and pictures of ../shared: no such folder"
  export SHRIKE_SHARED="${SHRIKE_SHARED:-$root/../shared}"
  local status=0 line
  ctest --test-dir "$build/$1" --parallel 2 --output-on-failure || status=$?
  while read -r line; do say "$line"; done < \
    <(skipped_cases "$build/$1/Testing/Temporary/LastTest.log")
  return "$status"
}
