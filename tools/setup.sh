# Shared by quickstart, check and bench: finds and installs packages, configures, builds.
# Sourced with `root` set to the repository; messages go to stderr, so that stdout stays an answer.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

build_packages=(g++ cmake ninja-build ccache libfmt-dev libboost-dev libeigen3-dev
  libtomlplusplus-dev nlohmann-json3-dev libcli11-dev libjs-chart.js pkg-config libsimgrid-dev)
test_packages=(catch2 chromium chromium-driver curl)
bench_packages=()

# install_packages NAME...: installs those that are missing, does nothing when none is.
install_packages() {
  local package missing=()
  command -v dpkg-query >/dev/null || die "this script installs Debian packages; elsewhere install by hand: $*"
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return
  say "Installing: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo; as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq >&2 || say "apt-get update failed; trying with the lists at hand"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >"$root/.apt.log" 2>&1 </dev/null || {
    tail -n 20 "$root/.apt.log" >&2
    die "apt-get could not install: ${missing[*]} (log: .apt.log)"
  }
  rm -f "$root/.apt.log"
}

# configure_and_build PRESET TARGET... with cmake options in the array `options`.
configure_and_build() {
  local preset=$1
  shift
  mkdir -p "$root/build"
  local log="$root/build/configure-$preset.log"
  (cd "$root" && cmake --preset "$preset" "${options[@]}") >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "cmake could not configure (log: build/configure-$preset.log)"
  }
  say "Building ($preset: $*)"
  cmake --build "$root/build/$preset" --target "$@" >&2 || die "the build failed"
}
