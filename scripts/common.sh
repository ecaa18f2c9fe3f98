# shellcheck shell=bash disable=SC2154  # root and build are set by shrikew
# What the scripts share. Sourced with `root` set to the clone's folder and `build` to its build folder.
# Everything said goes to standard error: standard output is the program's alone.

log="$build/setup.log"

say() { printf 'shrikew: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 5
}

# quietly WHAT COMMAND...: its output goes to the log; when it fails, the end of the log is shown.
quietly() {
  local what=$1 before
  shift
  mkdir -p "$build" || fail "cannot write to $build"
  [ -e "$log" ] || : > "$log"
  before=$(wc -l < "$log")
  printf '== %s\n' "$what" >> "$log"
  if ! "$@" < /dev/null >> "$log" 2>&1; then
    tail -n "+$((before + 2))" "$log" | tail -n 40 >&2
    say "$what failed; everything it said is in $log"
    return 1
  fi
}

# as_root COMMAND...: the command as root, through sudo where that is needed and there.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo -- "$@"
  else
    return 126
  fi
}

# The lines of a list without its comments.
entries() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }

digest_of() { cat -- "$@" | sha256sum | cut -d ' ' -f 1; }

# done_before NAME DIGEST: whether mark_done was called with these; a stamp for steps that need
# not be repeated.
done_before() { [ "$(cat "$build/stamps/$1" 2> /dev/null)" = "$2" ]; }
mark_done() {
  mkdir -p "$build/stamps"
  printf '%s\n' "$2" > "$build/stamps/$1"
}

# One set-up at a time in this clone; given back with release_clone (or when the script ends).
lock_clone() {
  { mkdir -p "$build" && : >> "$build/.lock"; } 2> /dev/null ||
    fail "cannot write to $build: copy the clone to a folder of yours" \
      "(or call build/release/shrike, where somebody has built it)"
  exec 9>> "$build/.lock"
  flock --nonblock 9 || {
    say "waiting for another shrikew in this clone"
    flock 9
  }
}
release_clone() { exec 9>&-; }
