#!/usr/bin/env bash
# Trains more than 2^30 parameters for two steps, the second from the first one's checkpoint, and exports after each:
#   bench/large.sh SHAPE adamw|sgd FOLDER
# Takes AdamW's step alone on all parameters, and checks each:  bench/large.sh SHAPE update   (13 GB for billion)
# SHAPE is billion, or a smaller one to try it. FOLDER needs 35 GB for billion. Driver and executor are one JVM: for billion
# it holds the weights three times with SGD (13 GB), with AdamW also the moments twice (30 GB), and HEAP (1500m).
set -euo pipefail
[ "$2" = update ] || folder=$(cd "$3" && pwd)
cd "$(dirname "$0")/.."
classpath=bench/target/classpath.txt
if [ ! -f "$classpath" ] || [ -n "$(find pom.xml bench/pom.xml rpo-*/src/main bench/src -newer "$classpath" -print -quit)" ]; then
    ./mvnw -B -q -ntp -pl bench -am -DskipTests -Dmdep.outputFile=target/classpath.txt compile dependency:build-classpath
fi
if [ "$2" = update ]; then
    program=(LargeUpdate "$1")
else
    program=(LargeModel "$1" "$2" "$folder")
fi
java @deploy/jvm.options "-Xmx${HEAP:-1500m}" -cp "bench/target/classes:rpo-spark/target/classes:rpo-core/target/classes:$(cat "$classpath")" \
    "ai.rpo.bench.${program[0]}" "${program[@]:1}" 2>bench/target/large.log || { cat bench/target/large.log >&2; exit 1; }
