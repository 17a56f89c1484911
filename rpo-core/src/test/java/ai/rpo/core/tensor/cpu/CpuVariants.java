package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Backend;
import java.util.LinkedHashMap;
import java.util.Map;

/** Every way in which the backend can compute on this machine. */
public final class CpuVariants {

    private CpuVariants() {}

    public static Map<String, Backend> all() {
        OneDnn library = OneDnn.shared();
        Map<String, Backend> variants = new LinkedHashMap<>();
        variants.put("vectors, 1 thread", new CpuBackend(library, new VectorMath(), false, false, 1));
        variants.put("vectors, 3 threads", new CpuBackend(library, new VectorMath(), false, false, 3));
        variants.put("loops, 2 threads", new CpuBackend(library, new LoopMath(), false, false, 2));
        variants.put("matmul primitives", new CpuBackend(library, new VectorMath(), true, false, 2));
        return variants;
    }
}
