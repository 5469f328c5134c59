# The functions of ./dev's commands, which ./dev sources.

kRelease=build/release
RUN_UNDER=

configure() {
  # Without --fresh, cmake itself checks whether there is anything to do. Its output is printed only if it fails.
  cmake --preset "$1" >"$LOG" 2>&1 || fail_with_log "cmake --preset $1"
}

build_preset() {
  local preset=$1
  shift
  configure "${preset/fuzz/asan}"  # one build directory for both
  cmake --build --preset "$preset" "$@" || fail "the $preset build failed"
}

set_up_and_build() {
  timed setup setup_all || exit 1
  timed "build release" build_preset release "$@" || exit 1
}

dev_build() {
  local targets=()
  for target in "$@"; do targets+=(--target "$target"); done
  set_up_and_build "${targets[@]}"
}

# --- tests

dev_test() {
  local accept= filter=
  for argument in "$@"; do
    case $argument in
      --accept) accept=1 ;;
      -*) fail "usage: ./dev test [--accept] [FILTER]" ;;
      *) filter=$argument ;;
    esac
  done
  set_up_and_build
  if [[ -n $accept ]]; then
    [[ -n $filter ]] || CULPRIT_ACCEPT=1 "$kRelease/src/model_test" --gtest_filter='Schema.ThePages*' >/dev/null
    [[ -n $filter ]] || tools/manual.py "$kRelease/culprit" --accept
    [[ -n $filter ]] || tools/causes.py "$kRelease/culprit" --accept
    tests/run_cases.py --binary "$kRelease/culprit" --accept --filter "$filter"
    return
  fi
  [[ -d ../shared/data ]] || say "no ../shared/data here: the tests that read it are skipped, and counted as such"
  (( EUID == 0 )) || say "not root: the tests that need the kernel are skipped, and counted as such"
  run_ctest "$kRelease" ${filter:+-R "$filter"}
}

# Prints the reason of every skipped test, which ctest writes only to its log, and then ctest's own lines.
run_ctest() {
  local directory=$1
  shift
  $RUN_UNDER ctest --test-dir "$directory" --output-on-failure --no-tests=error -j "$(nproc)" "$@" 2>&1 |
    awk -v log_file="$directory/Testing/Temporary/LastTest.log" '
      /^[0-9]+% tests passed/ { summary = 1 }
      summary { held[++n] = $0; next }
      { print; fflush() }
      END { system("tools/skipped_tests.py " log_file); for (i = 1; i <= n; ++i) print held[i] }'
  return "${PIPESTATUS[0]}"
}

dev_demo() {
  # What another user has built here is used as it is: it cannot be built anew.
  if [[ -x $kRelease/culprit && ! -w $kRelease ]]; then
    say "$kRelease/culprit is $(stat -c %U "$kRelease/culprit")'s: not built anew"
  else
    set_up_and_build
  fi
  "$kRelease/culprit" demo "$@"
}

# --- formatting and lint

our_sources() { git ls-files -co --exclude-standard -- '*.cc' '*.h' '*.bpf.c' | grep -v '^tests/corpus/'; }

# The sources that differ from the commit or, if none differs, the sources of the last commit.
changed_sources() {
  local changed
  changed=$(git diff --name-only --diff-filter=d HEAD -- '*.cc' '*.h' && git ls-files -o --exclude-standard -- '*.cc' '*.h')
  [[ -n $changed ]] || changed=$(git diff-tree --no-commit-id --root -r --name-only --diff-filter=d HEAD -- '*.cc' '*.h')
  echo "$changed" | sort -u | sed '/^$/d'
}

dev_fix() {
  setup_all
  our_sources | xargs -r clang-format-16 -i
}

dev_lint() {
  timed setup setup_all || exit 1
  local status=0
  timed layers tools/check_layers.py || status=1
  timed words tools/check_words.py || status=1
  timed format check_format || status=1
  return $status
}

check_format() {
  local files
  mapfile -t files < <(changed_sources)
  (( ${#files[@]} == 0 )) && return 0
  clang-format-16 --dry-run -Werror "${files[@]}" || { say "./dev fix formats them"; return 1; }
}

# --- check: what a change must pass besides ./dev test

# Three presets take too long for one run. The hash of the commit selects one, so that each is used within a few commits.
preset_of_the_day() {
  local presets=(asan tsan strict) hash
  hash=$(git rev-parse HEAD 2>/dev/null | cut -c 1-7)
  echo "${CULPRIT_CHECK_PRESET:-${presets[$((16#${hash:-0} % ${#presets[@]}))]}}"
}

dev_check() {
  local status=0 preset
  preset=$(preset_of_the_day)
  dev_lint || status=1
  timed "check $preset" check_preset "$preset" || status=1
  timed "fuzz" dev_fuzz "" "${CULPRIT_FUZZ_SECONDS:-10}" || status=1
  if ((status)); then say "check: FAILED"; else say "check: passed (lint, $preset, fuzzers)"; fi
  return $status
}

check_preset() {
  (build_preset "$1") || return 1
  [[ $1 == strict ]] && return 0
  # The thread sanitizer of g++ 12 has no space for its shadow memory if addresses are randomised by more than 28 bits.
  [[ $1 == tsan ]] && setarch -R true 2>/dev/null && RUN_UNDER="setarch -R"
  TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:suppressions=$PWD/tools/tsan.supp} ASAN_OPTIONS=${ASAN_OPTIONS:-strict_string_checks=1} \
    run_ctest "build/$1" -L unit
}

# --- fuzzers and benchmarks

# dev_fuzz [NAME] [SECONDS]: runs each fuzzer for SECONDS, with one fuzzer per CPU at a time. The seeds are in tests/corpus;
# new inputs of this machine stay in build/corpus/NAME.
dev_fuzz() {
  local name=${1:-} seconds=${2:-10} fuzzers=()
  (build_preset fuzz) || return 1
  for fuzzer in build/asan/fuzzers/*; do
    [[ -x $fuzzer && -f $fuzzer && ${fuzzer##*/} == *"$name"* ]] && fuzzers+=("$fuzzer")
  done
  ((${#fuzzers[@]})) || { say "no fuzzer matches '$name'"; return 1; }
  export -f run_fuzzer say
  local status=0
  printf '%s\n' "${fuzzers[@]}" | xargs -P "$(nproc)" -I{} bash -c 'run_fuzzer "$1" "$2"' run_fuzzer {} "$seconds" || status=1
  # A long run is a result worth keeping.
  if ((seconds >= 60)); then
    tools/fuzz_results.py "$seconds" $(printf 'build/fuzz/%s.log\n' "${fuzzers[@]##*/}")
  fi
  return $status
}

run_fuzzer() {
  local fuzzer=$1 name=${1##*/} stem log seeds
  log=build/fuzz/$name.log
  mkdir -p "build/corpus/$name" build/fuzz/crashes
  seeds=("build/corpus/$name")
  # ingest_otlp_json_fuzz finds its seeds in tests/corpus/otlp_json and …/otlp.
  for stem in "${name%_fuzz}" "${name#*_}"; do
    for ((words = 3; words > 0; --words)); do
      [[ -d tests/corpus/$stem ]] && seeds+=("tests/corpus/$stem")
      [[ $stem == *_* ]] || break
      stem=${stem%_*}
    done
  done
  if ! "$fuzzer" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/crashes/$name-" \
    "${seeds[@]}" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    say "fuzz $name: FOUND SOMETHING (build/fuzz/crashes); make it a test and a file of its corpus"
    return 1
  fi
  say "fuzz $name: $(grep -o 'Done [0-9]* runs in [0-9]* second' "$log" | tail -n 1)s"
}

# dev_bench [NAME [OPTIONS]]: runs the measurement bench/NAME.py, or the benchmarks beside the code whose names contain NAME.
dev_bench() {
  local name=${1:-} found=0
  if [[ -n $name && $name != bench && -f bench/$name.py ]]; then
    set_up_and_build
    # The benchmark adds up the sections of every trace in one process.
    [[ $name != imports ]] || (build_preset release --target analysis_critical_path_bench) || return 1
    python3 "bench/$name.py" "${@:2}"
    return
  fi
  timed setup setup_all || exit 1
  (build_preset release --target benches) || return 1
  for bench in "$kRelease"/benches/*"$name"*; do
    [[ -x $bench && -f $bench ]] || continue
    found=1
    timed "${bench##*/}" "$bench" || return 1
  done
  ((found)) || say "no benchmark beside the code matches '$name'"
  say "measurements that take minutes, by name: $(cd bench && echo *.py | sed 's/\bbench\.py //; s/\.py//g')"
  ((found))
}

dev_new() { tools/new.py "$@"; }
