package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Noise;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Says what a run trains of a model: all its weights, or an adapter on them; and how that is kept and handed on. */
public sealed interface Trainable {

    /**
     * @param lora the adapter to train, if not all weights
     * @param seed of its first numbers, unless {@code start} brings them
     * @param baseName where an exported adapter says its model is
     * @throws RpoException if all weights are to be trained, and they are quantised
     */
    static Trainable of(ModelDirectory start, Optional<Lora> lora, long seed, String baseName) {
        if (lora.isEmpty() && start.isQuantized()) {
            throw RpoException.configuration("Cannot train all weights of " + start.folder()
                    + ": they are quantised, and only read. Train an adapter on them with rpo.lora.rank, or start from the"
                    + " model that was quantised.");
        }
        return lora.<Trainable>map(adapter -> new AnAdapter(start, adapter, seed, baseName))
                .orElse(new AllWeights(start));
    }

    /** The model that training starts from. */
    ModelDirectory start();

    /** The adapter that is trained, if one is. */
    Optional<Lora> lora();

    /** Lays out the numbers that are trained. */
    ParameterLayout layout();

    /** Gives what the trained numbers are in the beginning. */
    Weights initial();

    /** Writes a folder from which {@link #saved} reads the same numbers. */
    void save(Path folder, Weights numbers, Map<String, String> facts);

    /**
     * @throws RpoException if the folder is broken, or of another model
     */
    Weights saved(Path folder);

    /**
     * Writes the trained model.
     *
     * @param target must not exist, or be an empty folder
     * @param facts what the model card says of the model's origin, in this order
     */
    void export(Path target, Weights numbers, ExportForm form, Map<String, String> facts);

    /** Numbers of the same names but other shapes would be read in part. */
    private static void requireLayout(Trainable trained, ParameterLayout found, Path folder) {
        if (!found.entries().equals(trained.layout().entries())) {
            throw RpoException.configuration("Cannot go on from the numbers in " + folder
                    + ": they are of another model or adapter than the one trained here, "
                    + trained.start().folder()
                    + ". Train with the model and rpo.lora they were trained with, or begin anew elsewhere.");
        }
    }

    /** Every weight of the model. */
    record AllWeights(ModelDirectory start) implements Trainable {

        @Override
        public Optional<Lora> lora() {
            return Optional.empty();
        }

        @Override
        public ParameterLayout layout() {
            return ParameterLayout.of(start.config());
        }

        @Override
        public Weights initial() {
            return start.weights();
        }

        @Override
        public void save(Path folder, Weights numbers, Map<String, String> facts) {
            new ModelExport(start, Dtype.F32).write(folder, numbers, facts);
        }

        @Override
        public Weights saved(Path folder) {
            ModelDirectory model = start.alike(folder);
            Trainable.requireLayout(this, ParameterLayout.of(model.config()), folder);
            return model.weights();
        }

        @Override
        public void export(Path target, Weights numbers, ExportForm form, Map<String, String> facts) {
            form.requireFull();
            new ModelExport(start, form.dtype(), form.maxFileBytes()).write(target, numbers, facts);
        }
    }

    /**
     * The matrices of an adapter; the model under it is frozen.
     *
     * @param start the model, or an adapter on it that is trained further
     * @param seed of the first numbers: A uniform in ±1/√in, as PEFT draws it, and B zero; what is trained whole begins
     *     as it is in the model, magnitudes as its rows are
     * @param baseName where the exported adapter says its model is
     */
    record AnAdapter(ModelDirectory start, Lora adapter, long seed, String baseName) implements Trainable {

        @Override
        public Optional<Lora> lora() {
            return Optional.of(adapter);
        }

        @Override
        public ParameterLayout layout() {
            return ParameterLayout.of(start.config(), adapter);
        }

        @Override
        public Weights initial() {
            return start.adapter().map(Adapter::weights).orElse(this::draw);
        }

        private void draw(ParameterLayout.Entry entry, long offset, FloatBuffer target) {
            Optional<ParameterLayout.Entry> whole = ParameterLayout.of(start.config()).entries().stream()
                    .filter(weight -> Lora.saved(weight.name()).equals(entry.name()))
                    .findFirst();
            if (whole.isPresent()) {
                start.weights().read(whole.get(), offset, target);
                return;
            }
            if (entry.vector()) {
                drawMagnitudes(entry, offset, target);
                return;
            }
            boolean isA = entry.name().endsWith(Lora.A_WEIGHT);
            double bound = isA ? 1 / Math.sqrt(entry.columns()) : 0;
            long own = Noise.of(seed, entry.name().hashCode());
            for (long i = offset; target.hasRemaining(); i++) {
                target.put((float) (bound * (2 * Noise.uniform(own, i) - 1)));
            }
        }

        /** Draws them as long as the rows of the model's own matrix are (columns, where it lies transposed), since the updates are zero. */
        private void drawMagnitudes(ParameterLayout.Entry entry, long offset, FloatBuffer target) {
            ParameterLayout.Entry weight = ParameterLayout.of(start.config()).entries().stream()
                    .filter(other -> other.name().endsWith(".weight")
                            && Lora.magnitude(other.name().replaceFirst("\\.weight$", ""))
                                    .equals(entry.name()))
                    .findFirst()
                    .orElseThrow();
            float[] row = new float[weight.columns()];
            if (start.config().architecture().names().inputMajor()) {
                double[] squares = new double[row.length];
                for (long i = 0; i < weight.rows(); i++) {
                    start.weights().read(weight, i * row.length, FloatBuffer.wrap(row));
                    for (int j = 0; j < row.length; j++) {
                        squares[j] += (double) row[j] * row[j];
                    }
                }
                for (int i = Math.toIntExact(offset); target.hasRemaining(); i++) {
                    target.put((float) Math.sqrt(squares[i]));
                }
                return;
            }
            for (long i = offset; target.hasRemaining(); i++) {
                start.weights().read(weight, i * row.length, FloatBuffer.wrap(row));
                double squares = 0;
                for (float number : row) {
                    squares += (double) number * number;
                }
                target.put((float) Math.sqrt(squares));
            }
        }

        @Override
        public void save(Path folder, Weights numbers, Map<String, String> facts) {
            write(folder, numbers, Dtype.F32, facts);
        }

        @Override
        public Weights saved(Path folder) {
            Adapter found = start.adapterAt(folder);
            Trainable.requireLayout(this, ParameterLayout.of(start.config(), found.lora()), folder);
            return found.weights();
        }

        @Override
        public void export(Path target, Weights numbers, ExportForm form, Map<String, String> facts) {
            switch (form.kind()) {
                case ADAPTER -> write(target, numbers, form.dtype(), facts);
                case FULL -> {
                    Weights frozen = start.withoutAdapter().weights();
                    new ModelExport(start, form.dtype(), form.maxFileBytes())
                            .write(target, new MergedWeights(start.config(), frozen, adapter, numbers), facts);
                }
            }
        }

        private void write(Path target, Weights numbers, Dtype dtype, Map<String, String> facts) {
            new AdapterExport(start, adapter, baseName, dtype).write(target, numbers, facts);
        }
    }
}
