#!/bin/bash
# Runs every fuzz target for a short while: fuzz.sh FOLDER [SECONDS]. Targets are FOLDER/fuzz_*; they begin with what the
# program itself makes (traces of all scenarios, examples of conditions, heaps of every version) and with the servers' dumps of tests/golden, and
# what they grow into is kept in FOLDER/corpus. Each target takes its first byte as a choice, so each seed stands there once per choice.
folder=$1
seconds=${2:-20}
largest=20000  # bytes; larger seeds make every run slow

# add_seed TARGET NAME CHOICE FILE
add_seed() {
  [ "$(stat -c %s "$4")" -le "$largest" ] || return 0
  { printf "\\x$3" && cat "$4"; } >"$folder/corpus/$1/$2-$3"
}

make_seeds() {
  local work=$folder/seeds scenario dump choice name condition count=0
  mkdir -p "$work" "$folder"/corpus/fuzz_trace_reader "$folder"/corpus/fuzz_dump_import "$folder"/corpus/fuzz_condition
  for scenario in assets/scenarios/*.lua; do
    name=$(basename "$scenario" .lua)
    build/palloscope run "$scenario" -o "$work/$name.pscope" >/dev/null 2>&1 || continue
    for choice in 00 01; do add_seed fuzz_trace_reader "$name" $choice "$work/$name.pscope"; done
  done
  for dump in tests/golden/dumps/*.zst tests/golden/views/*.zst; do
    name=$(basename "$dump" .zst)
    zstd -qdf "$dump" -o "$work/$name" || continue
    for choice in 00 01 02 03 04; do add_seed fuzz_dump_import "$name" $choice "$work/$name"; done
  done
  while IFS= read -r condition; do
    count=$((count + 1))
    printf '%s' "$condition" >"$work/condition-$count"
    for choice in 00 01; do add_seed fuzz_condition "condition-$count" $choice "$work/condition-$count"; done
  done < <(build/palloscope help conditions | sed '1,/^Examples/d; s/^ *//')
  mkdir -p "$folder/corpus/fuzz_snapshot"
  if [ -x "$folder/fuzz_snapshot" ]; then "$folder/fuzz_snapshot" --seeds="$folder/corpus/fuzz_snapshot"; fi
}

one() {
  local name=${1##*/} folder=$2 seconds=$3
  mkdir -p "$folder/corpus/$name" "$folder/crashes"
  "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1500 -print_final_stats=1 \
    -artifact_prefix="$folder/crashes/$name-" "$folder/corpus/$name" >"$folder/$name.log" 2>&1
  local status=$?
  if [ $status -eq 0 ]; then
    echo "$name: good, $(grep -o 'number_of_executed_units: .*' "$folder/$name.log")"
  else
    echo "$name: ERROR: $(grep -m1 -E 'ERROR:|runtime error|SUMMARY' "$folder/$name.log") (log: $folder/$name.log)"
  fi
  return $status
}
export -f one
make_seeds
find "$folder" -maxdepth 1 -name 'fuzz_*' -type f -executable -print0 |
  xargs -0 -r -P "$(nproc)" -I{} bash -c 'one "$@"' fuzz {} "$folder" "$seconds"
