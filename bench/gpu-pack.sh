#!/usr/bin/env bash
# Packs what bench/gpu.sh needs on a machine with a GPU that has nothing but a JDK 17 and NVIDIA's driver:
#   bench/gpu-pack.sh [FILE.tgz]        (default: bench/target/gpu.tgz, below 60 MB; a checkout in which ./mvnw works)
# In it: the engine's classes and the jars that it loads, its tests with their goldens, JUnit's console and, where ../shared is,
# the model and curve of stories260k. ND4J, of which the engine on a GPU needs nothing but memory for an optimizer's state on the
# host, is left out: with ND4J=1 it is taken along, the archive has some 170 MB, and parts with home=host can be measured.
# cuBLASLt and NVRTC are too large; gpu.sh looks for them on the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-bench/target/gpu.tgz}")
shared=${RPO_SHARED:-../shared}
list=bench/target/gpu-classpath.txt
./mvnw -B -q -ntp -pl bench,rpo-core -am -DskipTests test-compile
./mvnw -B -q -ntp -pl rpo-core -Dmdep.outputFile="$PWD/$list" -Dmdep.includeScope=test dependency:build-classpath
junit=$(tr ':' '\n' <"$list" | sed -n 's/.*junit-platform-engine-\(.*\)\.jar$/\1/p')
./mvnw -B -q -ntp -N dependency:copy -Dartifact=org.junit.platform:junit-platform-console-standalone:"$junit" -DoutputDirectory=bench/target/gpu-junit

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"/{classes,jars,bench}
cp -r rpo-core/target/classes/. bench/target/classes/. "$folder/classes"
mkdir "$folder/tests"
cp -r rpo-core/target/test-classes/. "$folder/tests"
# Of the ways to compute, those that need no ND4J.
echo 'ai.rpo.core.tensor.cuda.CudaProvider
ai.rpo.core.tensor.cpu.CpuProvider' >"$folder/classes/META-INF/services/ai.rpo.core.tensor.BackendProvider"
unneeded='/(junit|jqwik|opentest4j|apiguardian|tokenizers)[^/]*\.jar$'
[[ -n ${ND4J:-} ]] || unneeded+='|/org/(nd4j|deeplearning4j)/|/(openblas|jna-platform|oshi-core|guava|threetenbp|commons-(compress|io|codec|lang3|collections4))-'
tr ':' '\n' <"$list" | grep -vE "$unneeded" | xargs cp -t "$folder/jars"
cp bench/target/gpu-junit/junit-platform-console-standalone-"$junit".jar "$folder/jars"
cp bench/gpu.sh bench/gpu-parts*.txt bench/trl_peer.py "$folder/bench"
cp deploy/jvm.options .mvn/log4j2-test.properties "$folder"
if [[ -f $shared/golden/stories260k_run.json ]]; then
    mkdir -p "$folder/shared/golden" "$folder/shared/models"
    cp "$shared/golden/stories260k_run.json" "$folder/shared/golden"
    cp -r "$shared/models/stories260k" "$folder/shared/models"
else
    echo "Without the curve of stories260k: $shared is not here." >&2
fi
mkdir -p "$(dirname "$out")"
tar -czf "$out" -C "$folder" .
bytes=$(stat -c %s "$out")
echo "$out: $((bytes / 1000000)) MB"
if [[ -z ${ND4J:-} ]] && ((bytes > 60000000)); then
    echo "Cannot keep the archive below 60 MB: see what is large with tar -tvzf $out." >&2
    exit 1
fi
