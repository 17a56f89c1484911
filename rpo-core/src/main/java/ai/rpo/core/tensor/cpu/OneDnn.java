package ai.rpo.core.tensor.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx10_1_512_amx;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;

/** oneDNN's engine and stream, shared by all threads of the JVM, and what this processor can do. */
final class OneDnn {

    private static OneDnn shared;

    private final dnnl_engine engine = new dnnl_engine();
    private final dnnl_stream stream = new dnnl_stream();
    private final int instructions;

    /**
     * The only one: nothing would free those of backends that come and go.
     *
     * @throws LinkageError if there is no oneDNN for this platform on the class path, or it cannot be loaded
     */
    static synchronized OneDnn shared() {
        if (shared == null) {
            shared = new OneDnn();
        }
        return shared;
    }

    private OneDnn() {
        check(dnnl_engine_create(engine, dnnl_cpu, 0), "create an engine");
        check(dnnl_stream_create(stream, engine, dnnl_stream_default_flags), "create a stream");
        instructions = dnnl_get_effective_cpu_isa();
    }

    dnnl_engine engine() {
        return engine;
    }

    dnnl_stream stream() {
        return stream;
    }

    /** Its plain sgemm is the faster one below AVX-512, its matmul primitive from there on. */
    boolean prefersPrimitives() {
        return has(dnnl_cpu_isa_avx512_core);
    }

    /** Tells whether there are instructions for products of bfloat16. */
    boolean hasBfloat16() {
        return has(dnnl_cpu_isa_avx512_core_bf16);
    }

    boolean hasAmx() {
        return has(dnnl_cpu_isa_avx10_1_512_amx);
    }

    /**
     * Tells whether a primitive for any number of tokens gives wrong numbers: on AMX, oneDNN 3.11 loses track of some
     * rows of a product of bfloat16 that is added to what is there (300 rows by 512 columns, say). One built for the
     * very shape is right.
     */
    boolean addsWrongly(MatmulShape shape) {
        return shape.bfloat16() && shape.accumulate() && hasAmx();
    }

    String describe() {
        dnnl_version_t version = dnnl_version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch() + " with "
                + instructionSet();
    }

    private String instructionSet() {
        if (hasAmx()) {
            return "AMX";
        }
        if (hasBfloat16()) {
            return "AVX-512 bfloat16";
        }
        if (has(dnnl_cpu_isa_avx512_core)) {
            return "AVX-512";
        }
        return has(dnnl_cpu_isa_avx2) ? "AVX2" : "no AVX2";
    }

    private boolean has(int set) {
        return (instructions & set) == set;
    }

    /** @throws IllegalStateException if {@code status} is not success */
    static void check(int status, String action) {
        if (status != 0) {
            throw new IllegalStateException("Cannot " + action + ": oneDNN answers with status " + status + ".");
        }
    }
}
