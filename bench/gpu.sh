#!/usr/bin/env bash
# Does everything that wants a GPU in one call of at most nine minutes:  bench/gpu.sh [FOLDER]
# Every operation beside the oracle, the goldens of all families, the curve of stories260k, then rates, steps and scoring of models
# from 0.1 to 7 billion parameters, beside TRL where Python has it. FOLDER (default: gpu-results) gets gpu.json and gpu.md after each
# part, so that a run which is cut short has said what it knows; and a log of each part.
# Runs where bench/gpu-pack.sh's archive is unpacked, with a JDK 17 and NVIDIA's driver:
#   mkdir gpu && tar -xzf gpu.tgz -C gpu && gpu/bench/gpu.sh
#
#   GPU_SECONDS     time for all of it (default 530)
#   GPU_PARTS       what is done (default: gpu-parts.txt beside this script; gpu-parts-emulated.txt for a device that is emulated)
#   GPU_LIBRARIES   folders of libcublasLt and libnvrtc, with colons between, where they are not found by themselves
#   PEER            Python of an environment with torch and trl (default: python3; "none" for no peer)
#   GPU_JAVA_OPTS   further options of the JVM
set -euo pipefail
began=$SECONDS
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
out=$(realpath -m "${1:-gpu-results}")
budget=${GPU_SECONDS:-530}
parts=${GPU_PARTS:-$here/gpu-parts.txt}
mkdir -p "$out"
rm -f "$out"/{results.jsonl,tests.log,gpu.json,gpu.md}

fail() { echo "$*" >&2; exit 2; }
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
[[ $("$java" --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9]*\).*/\1/p') == 17 ]] ||
    fail "Cannot measure: $java is no Java 17. Set JAVA_HOME to a JDK 17."
[[ -d $root/classes ]] || fail "Cannot measure from a checkout: unpack the archive that bench/gpu-pack.sh makes, and run bench/gpu.sh there."

# Folders that may hold cuBLASLt and NVRTC: those given, the loader's, the toolkit's, those of Python's nvidia-* packages.
libraries() {
    tr ':' '\n' <<<"${GPU_LIBRARIES:-}:${LD_LIBRARY_PATH:-}"
    { ldconfig -p 2>/dev/null || true; } | sed -n 's#.*=> \(.*\)/lib\(cublasLt\|nvrtc\)\.so\.1[23]$#\1#p'
    ls -d /usr/local/cuda*/lib64 /usr/local/cuda*/targets/*/lib /opt/cuda*/lib64 2>/dev/null || true
    local python
    for python in "${PEER:-python3}" python3; do
        "$python" -c 'import glob, site, sys
for folder in site.getsitepackages() + [site.getusersitepackages()]:
    print("\n".join(glob.glob(folder + "/nvidia/*/lib")))' 2>/dev/null || true
    done
}
found=
for file in libcublasLt.so libnvrtc.so; do
    folder=$(libraries | awk 'NF && !seen[$0]++' | while read -r folder; do
        ls "$folder/$file".1[23] >/dev/null 2>&1 && echo "$folder" && break
    done || true)
    [[ -n $folder ]] || fail "Cannot use the GPU: no $file.12 or .13 in the toolkit's folders or Python's nvidia packages. Install the" \
        "CUDA toolkit or 'pip install nvidia-cublas-cu12 nvidia-cuda-nvrtc-cu12', or name the folder with GPU_LIBRARIES."
    echo "$file: $folder"
    found+=${found:+:}$folder
done
export LD_LIBRARY_PATH=$found${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

jvm() {
    # shellcheck disable=SC2086 # options are words
    "$java" @"$root/jvm.options" -Xmx4g -Dlog4j2.configurationFile="$root/log4j2-test.properties" -Drpo.shared="$root/shared" \
        -Drpo.test.device=real ${GPU_JAVA_OPTS:-} -cp "$root/classes:$root/tests:$root/jars/*" "$@"
}
report() { jvm ai.rpo.bench.DeviceReport "$out" 2>>"$out/report.log" || true; }
left() { echo $((budget - SECONDS + began)); }
note() { printf '{"work":"none","part":"%s","failed":"%s"}\n' "$1" "$2" >>"$out/results.jsonl"; }

has_peer() {
    [[ ${PEER:-} != none ]] && "${PEER:-python3}" -c 'import torch, trl' >/dev/null 2>&1
}

# The classes that the line names, or all that compare a device with something else.
tests() {
    local all=(ai.rpo.core.tensor.BackendAgreementTest ai.rpo.core.tensor.cuda.CudaBackendTest ai.rpo.core.decoder.KeyValueCacheTest
        ai.rpo.core.decoder.FamilyGoldenTest ai.rpo.core.train.OptimizerDeviceTest ai.rpo.core.train.LoraGoldenTest)
    (($#)) || set -- "${all[@]}"
    jvm org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors --details=testfeed \
        -T shared "${@/#/--select-class=}" >"$out/tests.log"
}

export -f jvm tests
export java root out

previous=()
while read -r most name work options; do
    [[ -n $most && $most != \#* ]] || continue
    read -ra words <<<"$options"
    seconds=$(left)
    if ((seconds < 8)); then
        note "$name" "no time was left"
        continue
    fi
    ((seconds < most)) || seconds=$most
    started=$SECONDS
    status=0
    case $work in
        tests) timeout -k 5 "$seconds" bash -c 'tests "$@"' _ ${words[@]+"${words[@]}"} 2>"$out/$name.log" || status=$? ;;
        peer)
            if ! has_peer; then
                note "$name" "Python has no torch or no trl"
                continue
            fi
            layers=$(tail -n 1 "$out/results.jsonl" | sed -n 's/.*"layers":\([0-9]*\).*/\1/p')
            timeout -k 5 "$seconds" "${PEER:-python3}" "$here/trl_peer.py" measure "$out/results.jsonl" \
                ${layers:+layers="$layers"} of="${previous[@]}" >"$out/$name.log" 2>&1 || status=$?
            ;;
        *)
            previous=("$work" ${words[@]+"${words[@]}"})
            [[ $work != curve ]] || words+=("shared=$root/shared")
            timeout -k 5 "$seconds" bash -c 'jvm ai.rpo.bench.DeviceBenchmark "$@"' _ "$out/results.jsonl" "$work" \
                ${words[@]+"${words[@]}"} >"$out/$name.log" 2>&1 || status=$?
            ;;
    esac
    if ((status == 124 || status == 137)); then
        note "$name" "it took longer than $seconds s"
    elif ((status != 0)) && [[ $work != tests ]]; then
        why=$({ grep -oE 'Cannot [^"\\]{0,300}' "$out/$name.log" || grep -oE '[A-Za-z]*(Exception|Error): [^"\\]{0,200}' "$out/$name.log" || echo "it ended with $status"; } | head -n 1)
        note "$name" "${why//[[:cntrl:]]/ }: see $name.log"
    fi
    echo "$name: $((SECONDS - started)) s$( ((status == 0)) || echo ", failed ($status)")"
    report
done <"$parts"
cat "$out/gpu.md"
