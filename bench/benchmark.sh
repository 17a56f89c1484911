#!/usr/bin/env bash
# Times a benchmark task beside lm-evaluation-harness:  PEER=/path/to/python bench/benchmark.sh MODEL ROWS.jsonl QUESTIONS PAIRS
# MODEL is a Hugging Face folder, ROWS.jsonl rows of ARC-Easy with query, choices and gold. The two run in turns, PAIRS times, on
# two cores. What is timed is the whole command of each, from its start to its results; the peer also says how long asking took
# without loading itself and the model. RPO is the program, ./rpo where nothing is said.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$1 rows=$(realpath "$2") questions=$3 pairs=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$rows" "$work/arc_easy.jsonl"
"${RPO:-./rpo}" --version >/dev/null # builds what is missing
timed() { # NAME COMMAND…: leaves the seconds in $seconds and what was printed in $work/NAME
    local name=$1 start
    shift
    start=$(date +%s.%N)
    "$@" >"$work/$name" 2>"$work/log" || { tail -n 5 "$work/log" >&2; exit 1; }
    seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
}
for pair in $(seq "$pairs"); do
    rm -rf "$work/run"
    timed ours "${RPO:-./rpo}" benchmark --master 'local[2]' -D rpo.output="$work/run" -D rpo.model.path="$model" \
        -D rpo.benchmark.tasks=arc_easy -D rpo.benchmark.data="$work" -D rpo.benchmark.limit="$questions"
    ours=$seconds
    timed peer "$PEER" bench/lm_peer.py "$model" "$rows" "$questions"
    grep 'arc_easy' "$work/ours"
    tail -n 1 "$work/peer"
    awk -v o="$ours" -v p="$seconds" -v n="$pair" \
        'BEGIN { printf "pair %d: this project %s s, the peer %s s, %.2f times as fast\n", n, o, p, p / o }'
done
