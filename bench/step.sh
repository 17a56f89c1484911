#!/usr/bin/env bash
# Times whole steps of this project, in turns with a large product:  bench/step.sh train|score SHAPE PROMPT RESPONSE PAIRS STEPS [bf16] [recompute] [ragged] [lora [nf4|int8]]
# Times steps on real rows beside steps on as many pairs of their mean lengths:  bench/step.sh train|score SHAPE ROWS.jsonl STEPS [bf16] [recompute] [lora [nf4|int8]]
# Times greedy generation:  bench/step.sh generate SHAPE PROMPT NEW_TOKENS PROMPTS RUNS [bf16] [profile]
# SHAPE is tiny, small, smollm2, tiny_mixture or small_mixture (the peer has the first three). With PEER=/path/to/python of an environment that has TRL (and PEFT, for lora), the peer runs
# before and after, and the ratio of pairs/s, or of new tokens/s, is printed.
# Times the kernels alone (JMH):  bench/step.sh kernels [REGEX] [JMH options]
# Says where the time of a gradient, or of scoring, goes:  bench/step.sh profile SHAPE PROMPT RESPONSE PAIRS STEPS [bf16] [recompute|score], or SHAPE ROWS.jsonl STEPS …
set -euo pipefail
cd "$(dirname "$0")/.."
classpath=bench/target/classpath.txt
if [ ! -f "$classpath" ] || [ -n "$(find pom.xml bench/pom.xml rpo-core/src/main bench/src -newer "$classpath" -print -quit)" ]; then
    ./mvnw -B -q -ntp -pl bench -am -DskipTests -Dmdep.outputFile=target/classpath.txt compile dependency:build-classpath
fi
jvm() { java @deploy/jvm.options -Xmx1g -cp "bench/target/classes:rpo-core/target/classes:$(cat "$classpath")" "$@"; }
if [ "$1" = kernels ]; then
    jvm org.openjdk.jmh.Main "KernelBenchmark.${2:-}" "${@:3}"
    exit
fi
ours() { jvm "ai.rpo.bench.$1" "${@:2}" 2>bench/target/step.log || { cat bench/target/step.log >&2; exit 1; }; }
if [ "$1" = profile ]; then
    ours StepProfile "${@:2}"
    exit
fi
peer() { [ -z "${PEER:-}" ] || "$PEER" bench/trl_peer.py "$@" 2>/dev/null | tail -n 1; }
rate() { sed -E 's/.* ([0-9.]+) (pairs|new tokens)\/s.*/\1/'; }
benchmark=StepBenchmark
[ "$1" != generate ] || benchmark=GenerateBenchmark
[[ "$3" != *.jsonl ]] || benchmark=RowsBenchmark

if [ -n "${PEER:-}" ] && [[ " $* " == *" ragged "* || "$3" == *.jsonl ]]; then
    echo "Cannot compare ragged batches: the peer's are of equal lengths. Unset PEER." >&2
    exit 2
fi
before=$(peer "$@")
ours=$(ours "$benchmark" "$@")
after=$(peer "$@")
echo "$ours"
if [ -n "${PEER:-}" ]; then
    printf '%s\n%s\n' "$before" "$after"
    awk -v o="$(echo "$ours" | rate)" -v b="$(echo "$before" | rate)" -v a="$(echo "$after" | rate)" 'BEGIN { printf "ratio to the peer: %.2f (before %.2f, after %.2f)\n", 2 * o / (a + b), o / b, o / a }'
fi
