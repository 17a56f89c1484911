package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Packing;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A model's weights with every matrix in fewer bits but embeddings, heads and routers, as QLoRA leaves those alone. What is
 * read are the numbers that the bits stand for.
 */
final class QuantizedWeights implements Weights {

    static final int NF4_BLOCK = 64;

    private static final int CHUNK = 1 << 20;

    private final Weights source;
    private final Packing packing;
    private final Set<String> excepted;
    private Latest latest;

    /** Pieces of one matrix are read one after another, so the latest is kept. */
    private record Latest(String name, PackedMatrix matrix) {}

    private QuantizedWeights(Weights source, Packing packing, ModelConfig config) {
        this.source = source;
        this.packing = packing;
        excepted = excepted(config);
    }

    /**
     * @param stored whether the files themselves are quantised, how
     * @throws RpoException if they are quantised otherwise than wanted
     */
    static Weights of(
            ModelConfig config, Weights weights, Optional<Packing> stored, BasePrecision precision, Object folder) {
        if (precision == BasePrecision.AS_STORED || stored.isPresent() && stored.equals(precision.packing())) {
            return weights;
        }
        if (precision == BasePrecision.FLOAT32) {
            return weights::read; // and says nothing of packing
        }
        Packing packing = precision.packing().orElseThrow();
        if (stored.isPresent() && packing != Packing.BFLOAT16) {
            throw RpoException.configuration("Cannot keep the model in " + folder + " in " + precision.key()
                    + ": its files are quantised already, as " + stored.get()
                    + ". Set rpo.lora.base-precision = as-stored, or give the model that was quantised.");
        }
        return new QuantizedWeights(weights::read, packing, config);
    }

    private static Set<String> excepted(ModelConfig config) {
        WeightNames names = config.architecture().names();
        Set<String> excepted = new HashSet<>();
        excepted.add(names.embedding() + ".weight");
        excepted.add(names.head() + ".weight");
        names.positions().ifPresent(positions -> excepted.add(positions + ".weight"));
        for (int i = 0; i < config.layers(); i++) {
            String block = names.block(i);
            config.architecture().mixture(i).map(Architecture.Mixture::names).ifPresent(experts -> {
                excepted.add(block + experts.router() + ".weight");
                experts.shared().ifPresent(shared -> excepted.add(block + shared.gate() + ".weight"));
            });
        }
        return excepted;
    }

    private boolean isQuantized(ParameterLayout.Entry entry) {
        return !entry.vector() && !entry.name().endsWith(WeightNames.Experts.BIAS) && !excepted.contains(entry.name());
    }

    private int block(ParameterLayout.Entry entry) {
        return switch (packing) {
            case NF4 -> NF4_BLOCK;
            case INT8 -> entry.columns();
            case BFLOAT16 -> 1;
        };
    }

    @Override
    public Optional<Packing> packing(ParameterLayout.Entry entry) {
        boolean whole = entry.order().equals(RowOrder.AS_STORED)
                || PackedMatrix.hasWholeRows(packing, entry.columns(), block(entry));
        return isQuantized(entry) && whole ? Optional.of(packing) : Optional.empty();
    }

    @Override
    public synchronized PackedMatrix packed(ParameterLayout.Entry entry) {
        if (latest == null || !latest.name.equals(entry.name())) {
            latest = new Latest(
                    entry.name(),
                    PackedMatrix.of(packing, entry.rows(), entry.columns(), block(entry), new Pieces(entry)));
        }
        return latest.matrix;
    }

    @Override
    public void read(ParameterLayout.Entry entry, long elementOffset, FloatBuffer target) {
        if (!isQuantized(entry)) {
            source.read(entry, elementOffset, target);
            return;
        }
        read(packed(entry), elementOffset, target);
    }

    static void read(PackedMatrix matrix, long elementOffset, FloatBuffer target) {
        for (long i = elementOffset; target.hasRemaining(); i++) {
            target.put(matrix.get(i));
        }
    }

    /** Reads a matrix once from front to back, much of it at a time, however little is asked for. */
    private final class Pieces implements PackedMatrix.Source {

        private final ParameterLayout.Entry entry;
        private final float[] chunk;
        private long begin;
        private int filled;

        private Pieces(ParameterLayout.Entry entry) {
            this.entry = entry;
            chunk = new float[(int) Math.min(CHUNK, entry.size())];
        }

        @Override
        public void read(long offset, float[] target, int length) {
            for (int done = 0; done < length; ) {
                if (offset + done >= begin + filled) {
                    begin += filled;
                    filled = (int) Math.min(chunk.length, entry.size() - begin);
                    source.read(entry, begin, FloatBuffer.wrap(chunk, 0, filled));
                }
                int from = (int) (offset + done - begin);
                int count = Math.min(length - done, filled - from);
                System.arraycopy(chunk, from, target, done, count);
                done += count;
            }
            Arrays.fill(target, length, target.length, 0);
        }
    }
}
