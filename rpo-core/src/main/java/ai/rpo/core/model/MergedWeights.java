package ai.rpo.core.model;

import java.nio.FloatBuffer;
import java.util.Arrays;

/** A model's weights with an adapter's updates added, {@code W + scale·B·A}, worked out as they are read. */
final class MergedWeights implements Weights {

    private final Weights model;
    private final ParameterLayout layout;
    private final Lora lora;
    private final Weights adapter;
    private final boolean inputMajor;
    private Factors latest;

    /** @param adapter numbers of {@link ParameterLayout#of(ModelConfig, Lora)} */
    MergedWeights(ModelConfig config, Weights model, Lora lora, Weights adapter) {
        this.model = model;
        this.lora = lora;
        this.adapter = adapter;
        layout = ParameterLayout.of(config, lora);
        inputMajor = config.architecture().names().inputMajor();
    }

    /** The update of a weight as {@code left·right}: {@code [rows, rank]} with the scale in it, and {@code [rank, columns]}. */
    private record Factors(String weight, float[] left, float[] right) {}

    @Override
    public void read(ParameterLayout.Entry entry, long elementOffset, FloatBuffer target) {
        int start = target.position();
        model.read(entry, elementOffset, target);
        String module = entry.name().replaceFirst("\\.weight$", "");
        if (!entry.name().endsWith(".weight") || !lora.modules().contains(module)) {
            return;
        }
        Factors factors = factors(entry.name(), module);
        int columns = entry.columns();
        float[] update = new float[columns];
        for (int i = start; i < target.position(); ) {
            long element = elementOffset + i - start;
            int row = (int) (element / columns);
            int column = (int) (element % columns);
            int count = Math.min(columns - column, target.position() - i);
            updateOfRow(factors, row, update);
            for (int j = 0; j < count; j++) {
                target.put(i + j, target.get(i + j) + update[column + j]);
            }
            i += count;
        }
    }

    private void updateOfRow(Factors factors, int row, float[] update) {
        Arrays.fill(update, 0);
        for (int k = 0; k < lora.rank(); k++) {
            float left = factors.left[row * lora.rank() + k];
            for (int j = 0, from = k * update.length; j < update.length; j++) {
                update[j] += left * factors.right[from + j];
            }
        }
    }

    /** Weights are read one after another, a piece at a time, so the latest are kept. */
    private synchronized Factors factors(String weight, String module) {
        if (latest == null || !latest.weight.equals(weight)) {
            float[] a = numbers(Lora.a(module) + ".weight");
            float[] b = numbers(Lora.b(module) + ".weight");
            for (int i = 0; i < b.length; i++) {
                b[i] *= (float) lora.scale();
            }
            latest = inputMajor
                    ? new Factors(weight, transposed(a, lora.rank()), transposed(b, b.length / lora.rank()))
                    : new Factors(weight, b, a);
        }
        return latest;
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
}
