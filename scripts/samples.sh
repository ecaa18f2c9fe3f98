# shellcheck shell=bash disable=SC2154  # root and build are set by shrikew
# The photographs every YOLO is shown with, from Debian's package darknet: fetched and unpacked in
# a throw-away folder, nothing installed, kept in Shrike's cache.

# Beside the models that `shrike pull` keeps.
samples_folder() {
  case "${XDG_CACHE_HOME-}" in
    /*) printf '%s/shrike/samples' "$XDG_CACHE_HOME" ;;
    *) printf '%s/.cache/shrike/samples' "${HOME:-$(getent passwd "$(id -u)" | cut -d : -f 6)}" ;;
  esac
}

download_darknet_package() {
  local options=()
  # As root, apt would hand the download to a user who may not write here.
  [ "$(id -u)" -ne 0 ] || options=(-o APT::Sandbox::User=root)
  (cd -- "$1" && apt-get "${options[@]}" download darknet)
}

have_samples() {
  local name
  while read -r _ name; do
    [ -e "$1/$name" ] || return 1
  done < "$root/scripts/samples.sha256"
}

# fetch_samples: fills samples_folder with what is not there yet.
fetch_samples() {
  local folder work
  folder=$(samples_folder)
  ! have_samples "$folder" || return 0
  say "fetching sample photographs (Debian's package darknet, 3 MB)"
  mkdir -p "$folder" || fail "cannot write to $folder"
  work=$(mktemp -d "$folder/.fetch.XXXXXX")
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf -- ${work@Q}" EXIT
  if ! quietly "apt-get download darknet" download_darknet_package "$work" 2> /dev/null; then
    update_package_lists
    quietly "apt-get download darknet" download_darknet_package "$work" || {
      fail "no sample photograph: without a network, put any picture's name behind" \
        "'./shrikew detect', or dog.jpg into $folder"
    }
  fi
  if ! quietly "unpacking" dpkg-deb --extract "$work"/darknet_*.deb "$work/unpacked" ||
    ! quietly "checking the photographs" check_samples "$work/unpacked/usr/share/darknet/data"; then
    fail "the package darknet does not hold the photographs expected of it"
  fi
  local name
  while read -r _ name; do
    mv -- "$work/unpacked/usr/share/darknet/data/$name" "$folder/$name"
  done < "$root/scripts/samples.sha256"
  rm -rf -- "$work"
  trap - EXIT
}

check_samples() { (cd -- "$1" && sha256sum --check "$root/scripts/samples.sha256"); }
