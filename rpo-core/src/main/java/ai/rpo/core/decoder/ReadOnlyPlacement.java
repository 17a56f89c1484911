package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Places weights that are only read and are not packed. Vectors are kept in float32, and matrices in bfloat16 where that
 * changes no result: where all of their numbers are bfloat16, as in most models' files, and the backend takes such weights;
 * and all those that are only multiplied, for backends whose products round their operands to that anyway.
 */
final class ReadOnlyPlacement implements Parameters.Placement {

    private static final int CHUNK = 1 << 20;
    private static final int LOWER_HALF = 0xffff;

    private final Map<String, Long> offsets = new HashMap<>();
    private final Set<String> rounded = new HashSet<>();
    private final Storage narrow; // null where nothing is
    private final Storage wide;

    private ReadOnlyPlacement(
            ParameterLayout layout, Set<String> packed, Predicate<ParameterLayout.Entry> mayBeNarrow, Backend backend) {
        long narrowSize = 0;
        long wideSize = 0;
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (packed.contains(entry.name())) {
                continue;
            }
            if (isMatrix(entry) && mayBeNarrow.test(entry)) {
                offsets.put(entry.name(), narrowSize);
                rounded.add(entry.name());
                narrowSize += entry.size();
            } else {
                offsets.put(entry.name(), wideSize);
                wideSize += entry.size();
            }
        }
        narrow = narrowSize > 0 ? backend.allocateRounded(narrowSize) : null;
        wide = backend.allocate(wideSize);
    }

    private static boolean isMatrix(ParameterLayout.Entry entry) {
        return !entry.vector() && !isStackOfBiases(entry);
    }

    private static boolean isStackOfBiases(ParameterLayout.Entry entry) {
        return entry.name().endsWith(WeightNames.Experts.BIAS);
    }

    /** @param packed names of matrices that lie elsewhere */
    static ReadOnlyPlacement of(
            ModelConfig config, ParameterLayout layout, Set<String> packed, Weights weights, Backend backend) {
        Set<String> tables = tables(config);
        boolean rounds = backend.products() == Precision.BFLOAT16;
        boolean takesBfloat16 = rounds || backend.widens();
        return new ReadOnlyPlacement(
                layout,
                packed,
                entry -> rounds && !tables.contains(entry.name()) || takesBfloat16 && isBfloat16(entry, weights),
                backend);
    }

    /** Places a copy of weights that change: tables may get any number. */
    static ReadOnlyPlacement ofTrained(ModelConfig config, ParameterLayout layout, Backend backend) {
        Set<String> tables = tables(config);
        boolean rounds = backend.products() == Precision.BFLOAT16;
        return new ReadOnlyPlacement(layout, Set.of(), entry -> rounds && !tables.contains(entry.name()), backend);
    }

    /** Bytes of such a copy where products round to {@code products}. */
    static long bytesOfTrained(ModelConfig config, Precision products) {
        Set<String> tables = tables(config);
        boolean rounds = products == Precision.BFLOAT16;
        return ParameterLayout.of(config).entries().stream()
                .mapToLong(entry -> entry.size()
                        * (rounds && isMatrix(entry) && !tables.contains(entry.name()) ? Short.BYTES : Float.BYTES))
                .sum();
    }

    private static Set<String> tables(ModelConfig config) {
        WeightNames names = config.architecture().names();
        Set<String> tables = new HashSet<>();
        tables.add(names.embedding() + ".weight");
        names.positions().ifPresent(positions -> tables.add(positions + ".weight"));
        return tables;
    }

    private static boolean isBfloat16(ParameterLayout.Entry entry, Weights weights) {
        float[] chunk = new float[(int) Math.min(CHUNK, entry.size())];
        for (long done = 0; done < entry.size(); done += chunk.length) {
            int length = (int) Math.min(chunk.length, entry.size() - done);
            weights.read(entry, done, FloatBuffer.wrap(chunk, 0, length));
            for (int i = 0; i < length; i++) {
                if ((Float.floatToRawIntBits(chunk[i]) & LOWER_HALF) != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public Storage storage(ParameterLayout.Entry entry) {
        return rounded.contains(entry.name()) ? narrow : wide;
    }

    @Override
    public long offset(ParameterLayout.Entry entry) {
        return offsets.get(entry.name());
    }
}
