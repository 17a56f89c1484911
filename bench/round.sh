#!/usr/bin/env bash
# Times rounds of distributed training:  bench/round.sh SHAPE WORKERS FREQUENCY ROUNDS PROMPT RESPONSE PAIRS [stock]
# SHAPE is tiny, small or smollm2; with "stock", DL4J's own averaging master on a network with as many parameters, and the ratio.
# HEAP (4g) is the heap of the one JVM that is driver and executors.
set -euo pipefail
cd "$(dirname "$0")/.."
classpath=bench/target/classpath.txt
if [ ! -f "$classpath" ] || [ -n "$(find pom.xml bench/pom.xml rpo-*/src/main bench/src -newer "$classpath" -print -quit)" ]; then
    ./mvnw -B -q -ntp -pl bench -am -DskipTests -Dmdep.outputFile=target/classpath.txt compile dependency:build-classpath
fi
java @deploy/jvm.options "-Xmx${HEAP:-4g}" -cp "bench/target/classes:rpo-spark/target/classes:rpo-core/target/classes:$(cat "$classpath")" \
    ai.rpo.bench.RoundBenchmark "$@" 2>bench/target/round.log || { cat bench/target/round.log >&2; exit 1; }
