#!/usr/bin/env bash
# Times a round of online alignment, and each of its parts:  bench/online.sh MODEL PROMPTS.jsonl PROMPTS NEW_TOKENS PAIRS [SAMPLES]
# The first PROMPTS rows of the file, each with a prompt, are answered SAMPLES times (2) with at most NEW_TOKENS tokens; the answers are rated
# by a reward model that two pairs have made of MODEL, and the policy learns from their pairs in batches of PAIRS. With
# PEER=/path/to/python of an environment that has TRL, its online DPO trainer does the same with the same prompts and reward model
# before and after; it always samples twice. RPO is the program, ./rpo where nothing is said.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$1 prompts=$2 count=$3 tokens=$4 pairs=$5 samples=${6:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
head -n "$count" "$prompts" >"$work/prompts.jsonl"
for reply in 7 8; do
    echo "{\"prompt_ids\": [5, $reply], \"chosen_ids\": [9, $reply], \"rejected_ids\": [10, 11]}"
done >"$work/pairs.jsonl"
rpo() { "${RPO:-./rpo}" "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }
rpo --version # builds what is missing
rpo reward -D rpo.output="$work/rewards" -D rpo.model.path="$model" -D rpo.data.train="$work/pairs.jsonl" -D rpo.reward.epochs=1
peer() {
    [ -n "${PEER:-}" ] || return 0
    "$PEER" bench/trl_online.py "$model" "$work/rewards/reward/member-0" "$work/prompts.jsonl" "$tokens" "$pairs" "$work/peer" \
        >"$work/peer.out" 2>"$work/peer.log" || { cat "$work/peer.log" >&2; exit 1; }
    tail -n 1 "$work/peer.out" | tee -a "$work/peers"
}
peer
start=$EPOCHREALTIME
rpo online -D rpo.output="$work/run" -D rpo.model.path="$model" -D rpo.rate.model="$work/rewards/reward/member-0" \
    -D rpo.online.prompts="$work/prompts.jsonl" -D rpo.online.rounds=1 -D rpo.online.samples-per-prompt="$samples" \
    -D rpo.generate.max-new-tokens="$tokens" -D rpo.train.pairs-per-batch="$pairs" -D rpo.train.epochs=1 -D rpo.train.learning-rate=5e-7
end=$EPOCHREALTIME
peer
grep ' done in ' "$work/log"
# Up to the round's report: what follows is the measuring of its model.
awk -v wall="$(awk -v a="$start" -v b="$end" 'BEGIN { print b - a }')" '
    FILENAME == ARGV[1] { if ($1 == "peer:") { theirs += $2; command += $5; n++ } next }
    $1 == "last" { over = 1 }
    / done in / && !over {
        took = 0
        for (i = 4; i < NF && i < 8; i++) if ($(i + 1) ~ /^(s|s:|min)$/) took += $i * ($(i + 1) == "min" ? 60 : 1)
        all += took; part[$1] = took
    }
    END {
        printf "a round: %.1f s; generate %.0f %%, rate %.0f %%, score %.0f %%, train %.0f %%, the rest %.0f %%\n", all,
            100 * part["generate"] / all, 100 * part["rate"] / all, 100 * part["score"] / all, 100 * part["train"] / all,
            100 * (1 - (part["generate"] + part["rate"] + part["score"] + part["train"]) / all)
        printf "the whole command, with the start of Java and Spark and the measuring of the model that came of it: %.1f s\n", wall
        if (n) printf "ratio to the peer: %.2f of the rounds, %.2f of the whole commands\n", theirs / n / all, command / n / wall
    }' "$([ -e "$work/peers" ] && echo "$work/peers" || echo /dev/null)" "$work/log"
