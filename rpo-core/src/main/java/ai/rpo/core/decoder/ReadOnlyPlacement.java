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

/**
 * Places weights that are only read and are not packed. For backends whose products round their operands to bfloat16,
 * matrices are kept so, which changes no product, and vectors in float32. A table whose rows are looked up is a matrix
 * too where all of its numbers are bfloat16, as in most models' files; else it stays in float32, since nothing but
 * products may round.
 */
final class ReadOnlyPlacement implements Parameters.Placement {

    private static final int CHUNK = 1 << 20;
    private static final int LOWER_HALF = 0xffff;

    private final Map<String, Long> offsets = new HashMap<>();
    private final Set<String> rounded = new HashSet<>();
    private final Storage narrow; // null where products do not round
    private final Storage wide;

    private ReadOnlyPlacement(ParameterLayout layout, Set<String> packed, Set<String> keptWide, Backend backend) {
        boolean rounds = backend.products() == Precision.BFLOAT16;
        long narrowSize = 0;
        long wideSize = 0;
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (packed.contains(entry.name())) {
                continue;
            }
            if (!rounds || staysWide(entry, keptWide)) {
                offsets.put(entry.name(), wideSize);
                wideSize += entry.size();
            } else {
                offsets.put(entry.name(), narrowSize);
                rounded.add(entry.name());
                narrowSize += entry.size();
            }
        }
        narrow = rounds ? backend.allocateRounded(narrowSize) : null;
        wide = backend.allocate(wideSize);
    }

    private static boolean staysWide(ParameterLayout.Entry entry, Set<String> keptWide) {
        return entry.vector() || isStackOfBiases(entry) || keptWide.contains(entry.name());
    }

    private static boolean isStackOfBiases(ParameterLayout.Entry entry) {
        return entry.name().endsWith(WeightNames.Experts.BIAS);
    }

    /** @param packed names of matrices that lie elsewhere */
    static ReadOnlyPlacement of(
            ModelConfig config, ParameterLayout layout, Set<String> packed, Weights weights, Backend backend) {
        Set<String> tables = tables(config);
        tables.removeIf(table -> backend.products() == Precision.BFLOAT16 && isBfloat16(layout.get(table), weights));
        return new ReadOnlyPlacement(layout, packed, tables, backend);
    }

    /** Places a copy of weights that change: tables may get any number. */
    static ReadOnlyPlacement ofTrained(ModelConfig config, ParameterLayout layout, Backend backend) {
        return new ReadOnlyPlacement(layout, Set.of(), tables(config), backend);
    }

    /** Bytes of such a copy where products round to {@code products}. */
    static long bytesOfTrained(ModelConfig config, Precision products) {
        Set<String> tables = tables(config);
        return ParameterLayout.of(config).entries().stream()
                .mapToLong(entry -> entry.size()
                        * (products == Precision.BFLOAT16 && !staysWide(entry, tables) ? Short.BYTES : Float.BYTES))
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
