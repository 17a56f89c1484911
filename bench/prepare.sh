#!/usr/bin/env bash
# Prepares made-up conversations at scale, with 2 cores and a 2 GB heap:  bench/prepare.sh ROWS MODEL [FOLDER]
# MODEL is a chat model's folder. Needs 1.2 KB of disk a row for the input and 2.6 KB while it runs, in FOLDER (default: a
# temporary one that is removed).
set -euo pipefail
rows=$1 model=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
if [ $# -ge 3 ]; then
    mkdir -p "$3" && folder=$(cd "$3" && pwd)
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
java bench/src/main/java/ai/rpo/bench/SyntheticPairs.java "$rows" "$folder/pairs.jsonl"
measure=()
if [ -x /usr/bin/time ]; then
    measure=(/usr/bin/time -f 'peak %M KB resident, %U + %S s of processor time')
fi
start=$(date +%s)
RPO_HEAP=2g RPO_JAVA_OPTS="-Djava.io.tmpdir=$folder" "${measure[@]}" ./rpo prepare --master 'local[2]' \
    -D rpo.output="$folder/run" -D rpo.overwrite=true -D rpo.model.path="$model" \
    -D rpo.data.train="$folder/pairs.jsonl" -D rpo.data.max-length=2048
seconds=$(($(date +%s) - start))
echo "$rows rows in $seconds s: $((rows / seconds)) rows/s, $(du -sm "$folder/run/data" | cut -f1) MB"
