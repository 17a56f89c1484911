#!/usr/bin/env bash
# How often to average:  bench/averaging.sh MODEL TRAIN EVAL [KEY=VALUE ...]
# Trains with averaging frequencies 1, 4, 16 and 64 (two workers, three epochs) and prints held-out metrics and bytes moved.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$1 train=$2 eval=$3
shift 3
more=()
for each in "$@"; do more+=(-D "$each"); done
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
number() { sed -E "s/.*\"$1\":(\\{\"mean\":)?([-0-9.eE]+).*/\\2/"; }
echo "| averaging-frequency | last training loss | held-out preference loss | held-out accuracy | rounds | MB moved | share not compute |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
for k in 1 4 16 64; do
    ./rpo evaluate -D rpo.model.path="$model" -D rpo.data.train="$train" -D rpo.data.eval="$eval" -D rpo.output="$runs/$k" \
        -D rpo.objective.beta=0.1 -D rpo.objective.eta=0.5 -D rpo.train.workers=2 -D rpo.train.pairs-per-batch=4 \
        -D rpo.train.epochs=3 -D rpo.train.learning-rate=2e-4 -D rpo.train.averaging-frequency="$k" "${more[@]}" >&2
    metrics=$runs/$k/train/metrics.jsonl
    held=$(tr -d ' \n' <"$runs/$k/eval/metrics.json")
    grep -o '"round/seconds.*' "$metrics" | awk -v k="$k" \
        -v loss="$(tail -n 20 "$metrics" | number loss | awk '{ s += $1 } END { printf "%.4f", s / NR }')" \
        -v held="$(number 'loss\/preference' <<<"$held")" -v accuracy="$(number 'rewards\/accuracies' <<<"$held")" '
        function field(name,   rest) { rest = $0; sub(".*\"round/" name "\":", "", rest); return rest + 0 }
        { n++; bytes += field("bytes_moved"); all += field("seconds"); compute += field("compute_seconds") }
        END { printf "| %d | %s | %.4f | %.3f | %d | %.0f | %.1f %% |\n", k, loss, held, accuracy, n, bytes / 1e6, 100 * (1 - compute / all) }'
done
