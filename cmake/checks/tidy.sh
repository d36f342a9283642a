#!/bin/bash
# clang-tidy over our own sources, with the compile database of a configured build folder: tidy.sh FOLDER [FILE...]
# A file found clean is not looked at again until it, any header of ours or the rules change.
folder=$1
shift
clean=$folder/tidy-clean
mkdir -p "$clean"
# Without precompiled headers, so that a file that lacks an include does not pass.
sed 's/ -include [^ "]*cmake_pch.hxx//; s/ -fpch-preprocess//' "$folder/compile_commands.json" >"$clean/compile_commands.json"
common=$({
  clang-tidy --version
  cat .clang-tidy
  git ls-files -z --cached --others --exclude-standard '*.h' | xargs -0 cat
} | sha256sum)

check() {
  local key
  key=$1$(sha256sum <"$2" | cut -c1-40)
  [ -f "$3/$key" ] && return 0
  local complaints
  complaints=$(clang-tidy --quiet -p "$3" --warnings-as-errors='*' "$2" 2>/dev/null) && : >"$3/$key" && return 0
  printf '%s\n' "${complaints:-$2: error: clang-tidy could not read it}"
  return 1
}
export -f check

if [ $# -gt 0 ]; then
  printf '%s\0' "$@"
else
  git ls-files -z --cached --others --exclude-standard 'core/*.cpp' 'trace/*.cpp' 'gui/*.cpp' 'tests/support/*.cpp'
fi | xargs -0 -r -P "$(nproc)" -I{} bash -c 'check "$@"' tidy "${common:0:20}" {} "$clean"
