#!/usr/bin/env bash
# Times judging through an endpoint:  bench/judge.sh PROMPTS RATE AT_ONCE SECONDS
# Two candidates answered PROMPTS prompts; mt-bench-pair asks twice as many questions, at most RATE a second and AT_ONCE at a
# time, of a server on this machine that takes SECONDS for each. The whole command is timed, and what the server counted is
# printed. RPO is the program, ./rpo where nothing is said.
set -euo pipefail
cd "$(dirname "$0")/.."
prompts=$1 rate=$2 at_once=$3 latency=$4
work=$(mktemp -d)
python3 bench/judge_server.py "$latency" >"$work/port" &
server=$!
trap 'kill "$server"; rm -rf "$work"' EXIT
for name in a b; do
    for i in $(seq "$prompts"); do
        echo "{\"prompt\": \"Say something of number $i.\", \"completion\": \"$name says that $i is a number.\"}"
    done >"$work/$name.jsonl"
done
"${RPO:-./rpo}" --version >/dev/null # builds what is missing
url=http://127.0.0.1:$(cat "$work/port")
start=$EPOCHREALTIME
"${RPO:-./rpo}" judge --master 'local[2]' -D rpo.output="$work/run" -D rpo.judge.by=endpoint -D rpo.judge.protocol=mt-bench-pair \
    -D rpo.judge.candidates.a="$work/a.jsonl" -D rpo.judge.candidates.b="$work/b.jsonl" -D rpo.judge.baseline=b \
    -D rpo.judge.endpoint.url="$url/v1" -D rpo.judge.endpoint.model=clock \
    -D rpo.judge.endpoint.requests-per-second="$rate" -D rpo.judge.endpoint.requests-at-once="$at_once" >"$work/log" 2>&1 \
    || { cat "$work/log" >&2; exit 1; }
awk -v a="$start" -v b="$EPOCHREALTIME" -v n="$((2 * prompts))" -v r="$rate" 'BEGIN {
    printf "%d questions at %s a second: %.1f s, the whole command; %.1f s is what the rate asks for, ratio %.3f\n", n, r, b - a, n / r, (b - a) / (n / r) }'
grep ' done in ' "$work/log"
curl -s "$url/counts"; echo
