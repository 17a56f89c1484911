package ai.rpo.core.model;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * A model's weights with an adapter's updates added, {@code W + scale·B·A}, and its rows as long as an adapter with
 * magnitudes says; worked out as they are read.
 */
final class MergedWeights implements Weights {

    private final Weights model;
    private final ParameterLayout layout;
    private final Lora lora;
    private final Weights adapter;
    private final boolean inputMajor;
    private final ExpertUpdates experts;
    private String latestName;
    private Optional<Factors> latest = Optional.empty();

    /** @param adapter numbers of {@link ParameterLayout#of(ModelConfig, Lora)} */
    MergedWeights(ModelConfig config, Weights model, Lora lora, Weights adapter) {
        this.model = model;
        this.lora = lora;
        this.adapter = adapter;
        layout = ParameterLayout.of(config, lora);
        inputMajor = config.architecture().names().inputMajor();
        experts = new ExpertUpdates(config, lora, this::numbers);
    }

    /**
     * The update of a weight as {@code left·right}: {@code [rows, rank]} with the scale in it, and
     * {@code [rank, columns]}; of so many rows of the weight after another, each with a right of its own.
     *
     * @param gains what the sum is multiplied with: of each row, or of each column where weights are stored input
     *     first; null without magnitudes
     */
    record Factors(int rank, int rows, float[] left, float[] right, float[] gains) {

        Factors with(float[] others) {
            return new Factors(rank, rows, left, right, others);
        }

        void updateOf(int row, float[] update) {
            Arrays.fill(update, 0);
            int first = row / rows * rank;
            for (int k = 0; k < rank; k++) {
                float factor = left[row * rank + k];
                for (int j = 0, from = (first + k) * update.length; j < update.length; j++) {
                    update[j] += factor * right[from + j];
                }
            }
        }
    }

    @Override
    public void read(ParameterLayout.Entry entry, long elementOffset, FloatBuffer target) {
        if (lora.trains(entry.name())) {
            adapter.read(layout.get(Lora.saved(entry.name())), elementOffset, target);
            return;
        }
        int start = target.position();
        model.read(entry, elementOffset, target);
        Optional<Factors> found = factors(entry);
        if (found.isEmpty()) {
            return;
        }
        Factors factors = found.get();
        int columns = entry.columns();
        float[] update = new float[columns];
        for (int i = start; i < target.position(); ) {
            long element = elementOffset + i - start;
            int row = (int) (element / columns);
            int column = (int) (element % columns);
            int count = Math.min(columns - column, target.position() - i);
            factors.updateOf(row, update);
            for (int j = 0; j < count; j++) {
                float number = target.get(i + j) + update[column + j];
                target.put(
                        i + j, factors.gains == null ? number : factors.gains[inputMajor ? column + j : row] * number);
            }
            i += count;
        }
    }

    /** Weights are read one after another, a piece at a time, so the latest are kept. */
    private synchronized Optional<Factors> factors(ParameterLayout.Entry entry) {
        if (!entry.name().equals(latestName)) {
            latest = experts.factors(entry).or(() -> ofModule(entry));
            latestName = entry.name();
        }
        return latest;
    }

    private Optional<Factors> ofModule(ParameterLayout.Entry entry) {
        String module = entry.name().replaceFirst("\\.weight$", "");
        if (!entry.name().endsWith(".weight") || !lora.modules().contains(module)) {
            return Optional.empty();
        }
        float[] a = numbers(Lora.a(module) + ".weight");
        float[] b = numbers(Lora.b(module) + ".weight");
        for (int i = 0; i < b.length; i++) {
            b[i] *= (float) lora.scale(module);
        }
        int rank = lora.rank(module);
        int rows = entry.rows();
        if (inputMajor) {
            a = transposed(a, rank);
            b = transposed(b, b.length / rank);
        }
        Factors factors = inputMajor ? new Factors(rank, rows, a, b, null) : new Factors(rank, rows, b, a, null);
        return Optional.of(
                lora.dora() ? factors.with(gains(entry, factors, numbers(Lora.magnitude(module)))) : factors);
    }

    private float[] numbers(String name) {
        ParameterLayout.Entry entry = layout.get(name);
        float[] numbers = new float[Math.toIntExact(entry.size())];
        adapter.read(entry, 0, FloatBuffer.wrap(numbers));
        return numbers;
    }

    private static float[] transposed(float[] matrix, int rows) {
        int columns = matrix.length / rows;
        float[] transposed = new float[matrix.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                transposed[j * rows + i] = matrix[i * columns + j];
            }
        }
        return transposed;
    }

    /** Tells by what each row of the sum, or each column, is to grow to be as long as its magnitude. */
    private float[] gains(ParameterLayout.Entry entry, Factors factors, float[] magnitudes) {
        float[] row = new float[entry.columns()];
        float[] update = new float[entry.columns()];
        double[] squares = new double[magnitudes.length];
        for (int i = 0; i < entry.rows(); i++) {
            model.read(entry, (long) i * row.length, FloatBuffer.wrap(row));
            factors.updateOf(i, update);
            for (int j = 0; j < row.length; j++) {
                double number = row[j] + update[j];
                squares[inputMajor ? j : i] += number * number;
            }
        }
        float[] gains = new float[magnitudes.length];
        for (int i = 0; i < gains.length; i++) {
            gains[i] = (float) (magnitudes[i] / Math.sqrt(squares[i]));
        }
        return gains;
    }
}
