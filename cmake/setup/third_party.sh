#!/bin/bash
# Gets the third-party source that is neither committed nor usable as a package: Dear ImGui 1.92 (the packaged library is
# too old) and the OpenGL loader that glad generates. Called by ./run and ./test; quick when nothing is to be done.
#
#   cmake/setup/third_party.sh [FOLDER]        default: build/third_party of the clone
#
# ImGui comes as the distribution's own source package, from the mirror and with the keyring that this machine's apt
# uses: private lists, so that nothing of the system's apt changes. apt checks the signature of the release file and,
# from there, the hash of every file.
set -u
folder=${1:-$(cd "$(dirname "$0")/../.." && pwd)/build/third_party}
mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1
imgui_version='1\.92\.[0-9]+[a-z]?'

fail() {
  echo "third_party.sh: $1" >&2
  exit 1
}

# One "URI<tab>keyring" line for each of the machine's own enabled binary sources of Debian or Ubuntu proper.
own_mirrors() {
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    awk -v RS= '
      { uri = key = enabled = types = ""; n = split($0, lines, "\n")
        for (i = 1; i <= n; i++) {
          if (lines[i] ~ /^#/) continue
          split(lines[i], word, /[ \t]+/); field = tolower(word[1])
          if (field == "uris:") uri = word[2]
          if (field == "signed-by:") key = word[2]
          if (field == "enabled:") enabled = tolower(word[2])
          if (field == "types:") types = lines[i]
        }
        if (uri != "" && types ~ /deb/ && enabled != "no") print uri "\t" key }' "$file"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$file" ] || continue
    awk '$1 == "deb" || $1 == "deb-src" {
        key = ""
        if (match($0, /signed-by=[^] ]+/)) key = substr($0, RSTART + 10, RLENGTH - 10)
        sub(/\[[^]]*\]/, ""); print $2 "\t" key }' "$file"
  done
}

# fetch_imgui SUITE MIRROR KEYRING: leaves imgui_*.orig.tar.* in $work/source, or fails.
fetch_imgui() {
  local suite=$1 mirror=$2 keyring=$3 signed_by=
  [ -n "$keyring" ] && signed_by="[signed-by=$keyring]"
  rm -rf "$work/apt" "$work/source"
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/source"
  echo "deb-src $signed_by $mirror $suite main universe" >"$work/apt/sources.list"
  case $mirror in */debian | */debian/) sed -i 's/ universe$//' "$work/apt/sources.list" ;; esac
  # The system's hooks (clean-up of archives, desktop notices) are for the system's lists, not for these. A release file
  # that a slow mirror let expire will do: its signature is checked, and the version that is wanted does not change.
  cat >"$work/apt/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear Acquire::IndexTargets;
Acquire::IndexTargets::deb-src::Sources {
  MetaKey "\$(COMPONENT)/source/Sources";
  ShortDescription "Sources";
  Description "\$(RELEASE)/\$(COMPONENT) Sources";
};
Dir::Etc::SourceList "$work/apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "$work/apt";
Dir::State::Lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "";
Acquire::AllowInsecureRepositories "false";
Acquire::Check-Valid-Until "false";
APT::Get::AllowUnauthenticated "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
END
  (
    cd "$work/source" || exit 1
    echo "== $suite from $mirror"
    apt-get -q -c "$work/apt/apt.conf" update || exit 1
    apt-get -q -c "$work/apt/apt.conf" source --download-only imgui || exit 1
  ) >>"$work/log" 2>&1
}

imgui_is_good() {
  grep -Eqs "^#define IMGUI_VERSION +\"$imgui_version\"" "$1/imgui.h" &&
    [ -f "$1/backends/imgui_impl_opengl3.cpp" ] && [ -f "$1/LICENSE.txt" ]
}

get_imgui() {
  command -v apt-get >/dev/null || fail "no apt-get here: configure with -DPALLOSCOPE_FETCH=ON instead (cmake/imgui.cmake)"
  work=$(mktemp -d "$folder/setup.XXXXXX") || fail "cannot write in $folder"
  trap 'rm -rf "$work"' EXIT
  local suites uri_pattern
  case " $(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}") " in
    *" ubuntu "*) suites="resolute devel" uri_pattern='/ubuntu/?$' ;;
    *) suites="forky sid" uri_pattern='/debian/?$' ;;
  esac
  local suite mirror keyring orig
  for suite in $suites; do
    while IFS=$'\t' read -r mirror keyring; do
      [[ $mirror =~ $uri_pattern ]] || continue
      fetch_imgui "$suite" "$mirror" "$keyring" || continue
      orig=$(ls "$work"/source/imgui_*.orig.tar.* 2>/dev/null | grep -v '\.asc$' | head -1)
      [ -n "$orig" ] || continue
      mkdir -p "$work/unpacked"
      tar -xf "$orig" -C "$work/unpacked" --strip-components=1 >>"$work/log" 2>&1 || continue
      if imgui_is_good "$work/unpacked"; then
        rm -rf "$folder/imgui"
        mv "$work/unpacked" "$folder/imgui"
        return
      fi
      echo "== not a version this code compiles with: $(basename "$orig")" >>"$work/log"
      rm -rf "$work/unpacked"
    done < <(own_mirrors | sort -u)
  done
  cp "$work/log" "$folder/imgui.log" 2>/dev/null
  fail "no Dear ImGui 1.92 from this machine's package mirror (log: $folder/imgui.log)"
}

get_glad() {
  command -v glad >/dev/null || fail "glad is missing: apt-get install python3-glad"
  rm -rf "$folder/glad" "$folder/glad.new"
  glad --api gl:core=3.3 --extensions '' --out-path "$folder/glad.new" --quiet --reproducible c >"$folder/glad.log" 2>&1 ||
    fail "glad could not generate the OpenGL loader (log: $folder/glad.log)"
  mv "$folder/glad.new" "$folder/glad"
}


imgui_is_good "$folder/imgui" || get_imgui
[ -f "$folder/glad/src/gl.c" ] || get_glad
