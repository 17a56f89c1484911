#!/usr/bin/env bash
# What rounds take on larger clusters:  bench/forecast.sh [GIGABITS [STEP_SECONDS]]
# Measures rounds of 1, 2 and 4 workers here, checks a model of them by that, and prints what it predicts of 8, 64 and 512 workers
# behind links of GIGABITS (10) a second whose optimizer steps take STEP_SECONDS (1).
set -euo pipefail
cd "$(dirname "$0")/.."
classpath=bench/target/classpath.txt
if [ ! -f "$classpath" ] || [ -n "$(find pom.xml bench/pom.xml rpo-*/src/main bench/src -newer "$classpath" -print -quit)" ]; then
    ./mvnw -B -q -ntp -pl bench -am -DskipTests -Dmdep.outputFile=target/classpath.txt compile dependency:build-classpath
fi
java @deploy/jvm.options "-Xmx${HEAP:-4g}" -cp "bench/target/classes:rpo-spark/target/classes:rpo-core/target/classes:$(cat "$classpath")" \
    ai.rpo.bench.RoundForecast "${1:-10}" "${2:-1}" 2>bench/target/forecast.log || { cat bench/target/forecast.log >&2; exit 1; }
