# shellcheck shell=bash disable=SC2154  # root and build are set by shrikew
# What computes, cross-compiled for 64-bit ARM, and its unit tests under qemu-user. The folders that
# link other people's libraries are left out (packages-arm64.txt).

readonly arm64_folders="base;ir;kernels;reference;passes;engine"

# Exit status of ctest.
run_arm64() {
  if ! dpkg --print-foreign-architectures | grep -qx arm64; then
    as_root dpkg --add-architecture arm64 || fail "run as root: dpkg --add-architecture arm64"
    update_package_lists
  fi
  install_packages "$root/scripts/packages.txt" "$root/scripts/packages-arm64.txt"
  configure arm64 "-DSHRIKE_FOLDERS=$arm64_folders"
  compile arm64
  release_clone
  # The fused multiply-adds of vectors of four, without which the kernels for any processor are slow.
  # Counted, not only looked for: grep -q would leave objdump with nobody to write to.
  aarch64-linux-gnu-objdump --disassemble "$build/arm64/src/kernels/libshrike_kernels.a" |
    grep -c 'fmla.*\.4s' > /dev/null || fail "no fmla in the kernels for 64-bit ARM"
  ctest --test-dir "$build/arm64" --output-on-failure
}
