#!/bin/bash
# clang-tidy over our own sources, with the compile database of a configured build folder: tidy.sh FOLDER [FILE...]
folder=$1
shift
if [ $# -gt 0 ]; then
  printf '%s\0' "$@"
else
  git ls-files -z 'core/*.cpp' 'trace/*.cpp' 'gui/*.cpp' 'tests/support/*.cpp'
fi | xargs -0 -r -P "$(nproc)" -n 1 clang-tidy --quiet -p "$folder" --warnings-as-errors='*' 2>&1 |
  grep -vE '^[0-9]+ warnings? generated|^Suppressed |^Use -header-filter|^[0-9]+ warnings treated'
exit "${PIPESTATUS[1]}"
