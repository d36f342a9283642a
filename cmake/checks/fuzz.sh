#!/bin/bash
# Runs every fuzz target for a short while: fuzz.sh FOLDER [SECONDS]. Targets are FOLDER/fuzz_*, seeds lie in
# tests/fuzz/seeds/<target>; what they grow into is kept in FOLDER/corpus/<target>.
folder=$1
seconds=${2:-20}
one() {
  local name=${1##*/} folder=$2 seconds=$3
  mkdir -p "$folder/corpus/$name" "$folder/crashes"
  local seeds=()
  [ -d "tests/fuzz/seeds/$name" ] && seeds=("tests/fuzz/seeds/$name")
  "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1500 -print_final_stats=1 \
    -artifact_prefix="$folder/crashes/$name-" "$folder/corpus/$name" "${seeds[@]}" >"$folder/$name.log" 2>&1
  local status=$?
  if [ $status -eq 0 ]; then
    echo "$name: $(grep -o 'stat::number_of_executed_units: .*' "$folder/$name.log")"
  else
    echo "$name: ERROR: $(grep -m1 -E 'ERROR:|runtime error|SUMMARY' "$folder/$name.log") (log: $folder/$name.log)"
  fi
  return $status
}
export -f one
find "$folder" -maxdepth 1 -name 'fuzz_*' -type f -executable -print0 |
  xargs -0 -r -P "$(nproc)" -I{} bash -c 'one "$@"' fuzz {} "$folder" "$seconds"
