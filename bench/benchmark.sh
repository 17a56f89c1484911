#!/usr/bin/env bash
# Times a benchmark task beside lm-evaluation-harness:  PEER=/path/to/python bench/benchmark.sh MODEL ROWS.jsonl QUESTIONS PAIRS
# MODEL is a Hugging Face folder, ROWS.jsonl rows of ARC-Easy with query, choices and gold. The two run in turns, PAIRS times, on
# two cores; what is timed is asking the questions: of this project its stage (reading data and model included), of the peer its
# evaluation (the model loaded before). RPO is the program, ./rpo where nothing is said.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$1 rows=$(realpath "$2") questions=$3 pairs=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$rows" "$work/arc_easy.jsonl"
ours() {
    rm -rf "$work/run"
    "${RPO:-./rpo}" benchmark --master 'local[2]' -D rpo.output="$work/run" -D rpo.model.path="$model" -D rpo.benchmark.tasks=arc_easy \
        -D rpo.benchmark.data="$work" -D rpo.benchmark.limit="$questions" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    grep '^benchmark *done' "$work/log" | sed -E 's/.*done in ([0-9.]+) s.*/\1/; s/.*done in ([0-9]+) min ([0-9]+) s.*/\1 \2/' |
        awk '{ print NF == 2 ? 60 * $1 + $2 : $1 }'
}
for pair in $(seq "$pairs"); do
    o=$(ours)
    p=$("$PEER" bench/lm_peer.py "$model" "$rows" "$questions" 2>/dev/null | tail -n 1)
    echo "$p"
    awk -v o="$o" -v p="$(sed -E 's/.* ([0-9.]+) s of asking/\1/' <<<"$p")" -v n="$pair" \
        'BEGIN { printf "pair %d: this project %s s, the peer %s s, %.2f times as fast\n", n, o, p, p / o }'
done
