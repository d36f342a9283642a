# What ./run and ./test share: packages, third-party source, configure, build. Sourced, with the clone as the current
# folder and $me set to the command's name. Silent where nothing is to be done; one line per phase where something is.

logs=build/log
jobs=$(nproc 2>/dev/null || echo 2)

say() { printf '%s: %s\n' "$me" "$1" >&2; }

# fail WHAT HOW-TO-MEND
fail() {
  say "$1. $2"
  exit 1
}

# need_packages GROUP...: installs what is missing of these groups, with apt. Elsewhere configure names what is missing.
need_packages() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || return 0
  local group wanted=() missing=()
  for group in "$@"; do
    while read -r package; do wanted+=("$package"); done < <(awk -v g="$group" '$1 == g {print $2}' cmake/setup/packages-debian.txt)
  done
  local installed
  installed=" $(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null | awk '$1 == "ii" {print $2}' | tr '\n' ' ')"
  for package in "${wanted[@]}"; do
    [[ $installed == *" $package "* ]] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "packages are missing and there is no sudo" "As root: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
    say "these packages are missing, sudo may ask for your password: ${missing[*]}"
  fi
  say "installing packages: ${missing[*]}"
  local log=$logs/packages.log
  {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null ||
    fail "installing packages failed: $(grep -m1 '^E:' "$log" || tail -1 "$log") (log: $log)" \
      "By hand: apt-get install --no-install-recommends ${missing[*]}"
}

need_third_party() {
  [ -f build/third_party/imgui/imgui.h ] && [ -f build/third_party/glad/src/gl.c ] && return 0
  say "getting the source of Dear ImGui and the OpenGL loader"
  local log=$logs/third_party.log
  cmake/setup/third_party.sh build/third_party >"$log" 2>&1 ||
    fail "$(tail -1 "$log")" "With the network back, run ./$me again"
}

# A clone that was moved or copied with its build folder is configured anew.
forget_if_moved() {
  local cache=$1/CMakeCache.txt
  if [ -f "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
    rm -rf "$cache" "$1/CMakeFiles" "$1/build.ninja"
  fi
}

# configure PRESET FOLDER [OPTION...]: only when the folder was never configured, lacks an option, or the presets changed.
configure() {
  local preset=$1 folder=$2 option fresh=
  shift 2
  local cache=$folder/CMakeCache.txt
  [ -f "$folder/build.ninja" ] && [ -f "$cache" ] && [ "$folder/build.ninja" -nt CMakePresets.json ] && fresh=yes
  for option in "$@"; do
    grep -qxF -- "${option#-D}" "$cache" 2>/dev/null || fresh=
  done
  [ -z "$fresh" ] || return 0
  say "configuring ($preset)"
  local log=$logs/configure-$preset.log
  cmake --preset "$preset" "$@" >"$log" 2>&1 ||
    fail "configuring ($preset) failed: $(grep -A3 -m1 '^CMake Error' "$log" | tr -s ' \n' ' ') (log: $log)" \
      "$(grep -m1 'apt-get install' "$log" | sed 's/^ */Install it: /')"
}

# build PRESET FOLDER TARGET...: on a terminal one line that counts, elsewhere one line in all; nothing when up to date.
build() {
  local preset=$1 folder=$2
  shift 2
  local log=$logs/build-$preset.log line began=
  ninja -C "$folder" -j "$jobs" "$@" 2>&1 | tee "$log" | while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  && $line != *"] Re-"* ]] || continue
    if [ -t 2 ]; then
      printf '\r%s: building (%s) %s of %s ' "$me" "$preset" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
    elif [ -z "$began" ]; then
      say "building ($preset), ${BASH_REMATCH[2]} steps"
    fi
    began=yes
  done
  local status=${PIPESTATUS[0]}
  [ -t 2 ] && grep -q '^\[' "$log" && printf '\r\033[K' >&2
  [ "$status" -eq 0 ] || fail "building ($preset) failed: $(grep -m1 -E "error:|FAILED:|Error" "$log" || tail -1 "$log") (log: $log)" \
    "Mend that, then ./$me again; a build folder in disorder is cured by rm -rf $folder"
}
