#!/usr/bin/env bash
# Times a whole run, from start to checkpoint, and says how much memory it took:  bench/run.sh MODEL ROWS.jsonl EPOCHS PAIRS [bf16]
# ROWS has prompt_ids, chosen_ids and rejected_ids. With PEER=/path/to/python of an environment that has TRL, the peer trains on the
# same rows afterwards. What Java and Spark need to start is timed by a run that finds everything made.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$1 rows=$2 epochs=$3 pairs=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
precision=float32
[ "${5:-}" != bf16 ] || precision=bfloat16
# What /usr/bin/time says goes beside the log, where that program is.
measure=()
[ ! -x /usr/bin/time ] || measure=(/usr/bin/time -o "$folder/peak" -f '%M')
ours() {
    "${measure[@]}" ./rpo run -D rpo.output="$folder/run" -D rpo.model.path="$model" -D rpo.data.train="$rows" -D rpo.precision="$precision" \
        -D rpo.train.epochs="$epochs" -D rpo.train.pairs-per-batch="$pairs" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
}
seconds() {
    local start=$EPOCHREALTIME
    "$@"
    awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }'
}
./rpo --version >/dev/null # builds what is missing
printf 'run: %s\n' "$(seconds ours)"
[ ! -e "$folder/peak" ] || awk '{ printf "at most %d MB resident\n", $1 / 1024 }' "$folder/peak"
grep ' done in ' "$folder/log"
printf 'again, with everything made: %s\n' "$(seconds ours)"
[ -z "${PEER:-}" ] || "$PEER" bench/trl_run.py "$model" "$rows" "$epochs" "$pairs" "$folder/peer" ${5:+"$5"} 2>/dev/null | tail -n 1
