package ai.rpo.bench;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a part of {@code bench/gpu.sh} is told: {@code key=value}, or {@code key} alone for {@code key=true}. */
record BenchmarkOptions(Map<String, String> values) {

    static BenchmarkOptions of(String[] arguments, int from) {
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = from; i < arguments.length; i++) {
            String[] parts = arguments[i].split("=", 2);
            values.put(parts[0], parts.length == 1 ? "true" : parts[1]);
        }
        return new BenchmarkOptions(values);
    }

    String text(String key, String otherwise) {
        return values.getOrDefault(key, otherwise);
    }

    int number(String key, int otherwise) {
        return Integer.parseInt(text(key, String.valueOf(otherwise)));
    }

    boolean is(String key) {
        return Boolean.parseBoolean(text(key, "false"));
    }

    /** To what products round: bfloat16 unless {@code precision} says otherwise. */
    Precision precision() {
        return text("precision", "bfloat16").equals("float32") ? Precision.FLOAT32 : Precision.BFLOAT16;
    }

    int threads() {
        return number("threads", Runtime.getRuntime().availableProcessors());
    }

    /** Opens the backend called {@code backend}, CUDA's unless another is named. */
    Backend open() {
        return Backends.create(text("backend", "cuda"), precision(), threads());
    }

    /** Repeats all in a result, so that it says what it is of. */
    void copyInto(ObjectNode result) {
        values.forEach(result::put);
    }
}
