package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Places weights that are only read and are not packed. Vectors are kept in float32, and matrices in bfloat16 where that
 * changes no result: where all of their numbers are bfloat16, as in most models' files, and the backend takes such weights;
 * and all those that are only multiplied, for backends whose products round their operands to that anyway. The matrices of one
 * part of the model are kept alike, since some are multiplied as one.
 */
final class ReadOnlyPlacement implements Parameters.Placement {

    private final Map<String, Long> offsets = new HashMap<>();
    private final Set<String> rounded = new HashSet<>();
    private final Storage narrow; // null where nothing is
    private final Storage wide;

    private ReadOnlyPlacement(
            ParameterLayout layout, Set<String> packed, Predicate<ParameterLayout.Entry> mayBeNarrow, Backend backend) {
        Map<String, Boolean> narrowParts = new HashMap<>();
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (isMatrix(entry) && !packed.contains(entry.name())) {
                narrowParts.compute(part(entry), (p, others) -> (others == null || others) && mayBeNarrow.test(entry));
            }
        }
        long narrowSize = 0;
        long wideSize = 0;
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (packed.contains(entry.name())) {
                continue;
            }
            if (isMatrix(entry) && narrowParts.get(part(entry))) {
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

    /** Names an attention, a feed-forward network and the like by what the names of its matrices begin with. */
    private static String part(ParameterLayout.Entry entry) {
        String name = entry.name().replaceFirst("\\.weight$", "");
        int end = name.lastIndexOf('.');
        return end < 0 ? name : name.substring(0, end);
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
        Predicate<ParameterLayout.Entry> mayBeRounded = mayBeRounded(config, backend.products());
        boolean takesBfloat16 = backend.products() == Precision.BFLOAT16 || backend.widens();
        return new ReadOnlyPlacement(
                layout,
                packed,
                entry -> mayBeRounded.test(entry) || takesBfloat16 && weights.isBfloat16(entry),
                backend);
    }

    /** Places a copy of weights that change: tables may get any number. */
    static ReadOnlyPlacement ofTrained(ModelConfig config, ParameterLayout layout, Backend backend) {
        return new ReadOnlyPlacement(layout, Set.of(), mayBeRounded(config, backend.products()), backend);
    }

    /** Bytes of such a copy where products round to {@code products}. */
    static long bytesOfTrained(ModelConfig config, Precision products) {
        Predicate<ParameterLayout.Entry> mayBeRounded = mayBeRounded(config, products);
        return ParameterLayout.of(config).entries().stream()
                .mapToLong(entry ->
                        entry.size() * (isMatrix(entry) && mayBeRounded.test(entry) ? Short.BYTES : Float.BYTES))
                .sum();
    }

    /** Holds for what is only multiplied, where products round. */
    private static Predicate<ParameterLayout.Entry> mayBeRounded(ModelConfig config, Precision products) {
        Set<String> tables = tables(config);
        return entry -> products == Precision.BFLOAT16 && !tables.contains(entry.name());
    }

    private static Set<String> tables(ModelConfig config) {
        WeightNames names = config.architecture().names();
        Set<String> tables = new HashSet<>();
        tables.add(names.embedding() + ".weight");
        names.positions().ifPresent(positions -> tables.add(positions + ".weight"));
        return tables;
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
