# shellcheck shell=bash disable=SC2154  # root and build are set by shrikew
# Bringing the machine to what the project needs, and building what is out of date.

missing_packages() {
  local package
  entries "$@" | while read -r package; do
    dpkg-query --show --showformat '${db:Status-Status}' "$package" 2> /dev/null |
      grep -qx installed || printf '%s\n' "$package"
  done
}

update_package_lists() {
  say "updating the package lists"
  quietly "apt-get update" as_root apt-get update || {
    say "going on with the package lists that are there"
  }
}

# install_packages LIST...: what the lists name, where it is not there yet.
install_packages() {
  local digest missing
  digest=$(digest_of "$@")
  done_before "packages-${digest:0:12}" "$digest" && return
  if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
    say "this is no Debian system: install what these Debian packages hold by yourself:" \
      "$(entries "$@" | tr '\n' ' ')"
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo > /dev/null; then
      fail "these packages are missing, and there is neither root nor sudo to install them:" \
        "run as root: apt-get install ${missing[*]}"
    fi
    update_package_lists
    say "installing ${missing[*]}"
    quietly "apt-get install" as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install --yes --no-install-recommends "${missing[@]}" ||
      fail "without these packages Shrike cannot be built: ${missing[*]}"
  fi
  mark_done "packages-${digest:0:12}" "$digest"
}

# Debian's LibTorch, unless Torch_DIR names the folder of another's TorchConfig.cmake when the release build is
# first configured with training.
install_libtorch() { [ -n "${Torch_DIR-}" ] || install_packages "$root/scripts/packages-train.txt"; }

# The ways the release build is configured, besides the program alone.
readonly with_training=(-DSHRIKE_TESTS=OFF -DSHRIKE_TRAIN=ON)
readonly with_tests=(-DSHRIKE_TESTS=ON -DSHRIKE_TRAIN=ON)

# A package may have been removed since it was looked for: the next call looks again.
cannot_build() {
  rm -f -- "$build"/stamps/packages-*
  exit 5
}

configuration_digest() { printf '%s\n' "$root" "$@" | cat - "$root/CMakePresets.json" | digest_of -; }

# configured PRESET OPTION...: whether that was done, here and with these options. What changes in
# CMake's files is ninja's to see.
configured() {
  [ -e "$build/$1/build.ninja" ] && done_before "configure-$1" "$(configuration_digest "$@")"
}

# configure PRESET OPTION...: unless that was done.
configure() {
  local preset=$1 launcher=()
  shift
  configured "$preset" "$@" && return
  say "configuring build/$preset"
  command -v ccache > /dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  (cd -- "$root" && quietly "configuring build/$preset" \
    with_ccache cmake --fresh --preset "$preset" "${launcher[@]}" "$@") || cannot_build
  mark_done "configure-$preset" "$(configuration_digest "$preset" "$@")"
}

# with_ccache COMMAND...: ccache wants a folder of its own, and a home even where it does not use it;
# without one that can be written to, its folder is in the build folder.
with_ccache() {
  if [ -n "${CCACHE_DIR-}${XDG_CACHE_HOME-}" ] || [ -w "${HOME-}" ]; then
    "$@"
  else
    CCACHE_DIR="$build/ccache" HOME="${HOME:-/nonexistent}" "$@"
  fi
}

# compile PRESET [TARGET]: says so only when there is something to do.
compile() {
  local folder="$build/$1"
  shift
  if ninja -C "$folder" -n "$@" 2> /dev/null | grep -q 'no work to do'; then return; fi
  say "building ${folder#"$root"/} (the first time takes some minutes)"
  # Not more at once than there are cores: a compiler may want a gigabyte.
  quietly "building" with_ccache ninja -C "$folder" -j "$(nproc)" "$@" || cannot_build
}
