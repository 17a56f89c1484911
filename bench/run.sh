#!/usr/bin/env bash
# Times a whole run on a real model, start-up included:  bench/run.sh MODEL ROWS EPOCHS
# MODEL is a Hugging Face folder, ROWS a file of JSON lines with prompt_ids, chosen_ids and rejected_ids. This project scores
# the rows, trains two pairs a step, and writes the checkpoint. With PEER=/path/to/python of an environment that has TRL,
# the peer does the same after it.
set -euo pipefail
home=$(cd "$(dirname "$0")/.." && pwd)
model=$1 rows=$2 epochs=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seconds() { local from=$EPOCHREALTIME; "$@" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }; awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
rpo() { "$home/rpo" "$@" -D "rpo.model.path=$model" -D "rpo.data.train=$rows" -D "rpo.train.epochs=$epochs" -D rpo.train.pairs-per-batch=2; }

"$home/rpo" --version >/dev/null
echo "start-up (the settings and inputs checked, on Spark): $(seconds rpo prepare -D "rpo.output=$work/prepare") s"
echo "this project, whole run: $(seconds rpo run -D "rpo.output=$work/run") s"
if [ -n "${PEER:-}" ]; then
    echo "the peer, whole run: $(seconds "$PEER" "$home/bench/trl_run.py" "$model" "$rows" "$epochs" "$work/peer") s"
fi
