package ai.rpo.spark.generate;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.Backends;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.device.ExecutorDevice;
import ai.rpo.spark.device.LoadedWeights;
import ai.rpo.spark.device.LocalModel;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Optional;

/**
 * The model that this executor JVM generates with: its weights and its tokenizer are loaded once and shared by all
 * tasks; generators, which own scratch memory and caches, are lent to one task at a time.
 */
public final class ExecutorGenerators {

    private static final ExecutorGenerators INSTANCE = new ExecutorGenerators();

    private record Key(String fingerprint, TemplateChoice chatTemplate, Precision precision, int threads, int width) {}

    /** A generator that one task has, until it closes the loan. */
    public final class Loan implements AutoCloseable {

        private final Generator generator;
        private final ModelDirectory model;
        private final Optional<Tokenizer> tokenizer;
        private final Key key;
        private boolean usable;

        private Loan(Generator generator) {
            this.generator = generator;
            model = ExecutorGenerators.this.directory;
            tokenizer = ExecutorGenerators.this.tokenizer;
            key = ExecutorGenerators.this.key;
        }

        public Generator generator() {
            return generator;
        }

        public ModelDirectory model() {
            return model;
        }

        /** Absent where the model has none. */
        public Optional<Tokenizer> tokenizer() {
            return tokenizer;
        }

        /** Ids that end a completion. */
        public Collection<Integer> eosIds() {
            return tokenizer.<Collection<Integer>>map(Tokenizer::eosIds).orElse(model.eosIds());
        }

        /** Says that every completion that was asked for has come, so that another task may have the generator. */
        public void finished() {
            usable = true;
        }

        /** Gives the generator back; one that was left in the middle of its work gives its memory back too. */
        @Override
        public void close() {
            synchronized (ExecutorGenerators.this) {
                if (usable && key.equals(ExecutorGenerators.this.key)) {
                    idle.push(generator);
                } else {
                    generator.close();
                }
            }
        }
    }

    private final Deque<Generator> idle = new ArrayDeque<>();
    private Key key;
    private ModelDirectory directory;
    private Optional<Tokenizer> tokenizer;
    private Decoder decoder;
    private Parameters weights;

    private ExecutorGenerators() {}

    public static ExecutorGenerators ofThisJvm() {
        return INSTANCE;
    }

    /** @param width completions computed at once */
    public synchronized Loan borrow(
            LocalModel model, TemplateChoice chatTemplate, Precision precision, int threads, int width) {
        ExecutorDevice.ofThisJvm().claimForThisTask();
        Key wanted = new Key(model.fingerprint(), chatTemplate, precision, threads, width);
        if (!wanted.equals(key)) {
            key = null;
            idle.forEach(Generator::close);
            idle.clear();
            decoder = null;
            weights = null;
            load(model, chatTemplate, Backends.create(precision, threads));
            key = wanted;
        }
        Generator generator = idle.isEmpty() ? new Generator(decoder, weights, width) : idle.pop();
        return new Loan(generator);
    }

    private void load(LocalModel model, TemplateChoice chatTemplate, Backend backend) {
        directory = model.open();
        tokenizer = directory.tokenizerFile().map(file -> Tokenizer.open(model.tokenizerFiles(), chatTemplate));
        decoder = new Decoder(directory.config(), backend);
        weights = LoadedWeights.ofThisJvm().of(model, backend);
    }
}
