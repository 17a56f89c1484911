package ai.rpo.spark.generate;

import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.Backends;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.device.ExecutorDevice;
import ai.rpo.spark.device.LoadedWeights;
import ai.rpo.spark.device.LocalModel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The model that this executor JVM generates with: its weights and its tokenizer are loaded once and shared by all
 * tasks; generators, which own scratch memory and caches, are lent to one task at a time.
 */
final class ExecutorGenerators {

    private static final ExecutorGenerators INSTANCE = new ExecutorGenerators();

    private record Key(
            String fingerprint, TemplateChoice chatTemplate, Precision precision, int threads, int width) {}

    /**
     * @param tokenizer absent where the model has none
     */
    record Lent(Generator generator, ModelDirectory model, Optional<Tokenizer> tokenizer, Object key) {}

    private final Deque<Generator> idle = new ArrayDeque<>();
    private Key key;
    private ModelDirectory directory;
    private Optional<Tokenizer> tokenizer;
    private Decoder decoder;
    private Parameters weights;

    private ExecutorGenerators() {}

    static ExecutorGenerators ofThisJvm() {
        return INSTANCE;
    }

    synchronized Lent borrow(
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
        return new Lent(generator, directory, tokenizer, key);
    }

    synchronized void giveBack(Lent lent) {
        if (lent.key == key) {
            idle.push(lent.generator);
        } else {
            lent.generator.close();
        }
    }

    private void load(LocalModel model, TemplateChoice chatTemplate, Backend backend) {
        directory = model.open();
        tokenizer = directory.tokenizerFile().map(file -> Tokenizer.open(directory.folder(), chatTemplate));
        decoder = new Decoder(directory.config(), backend);
        weights = LoadedWeights.ofThisJvm().of(model, backend);
    }
}
