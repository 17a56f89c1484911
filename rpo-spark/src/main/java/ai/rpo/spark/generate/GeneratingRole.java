package ai.rpo.spark.generate;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Role;
import java.io.Serializable;
import java.util.Collection;
import java.util.Optional;

/**
 * Continues prompts with a model; generators own scratch memory and caches, and share its weights and its tokenizer.
 *
 * @param chatTemplate how the model's conversations are written
 * @param width completions computed at once
 */
public record GeneratingRole(LocalModel model, TemplateChoice chatTemplate, Precision precision, int threads, int width)
        implements Role<GeneratingRole.Loaded, GeneratingRole.Worker>, Serializable {

    private record Key(String fingerprint, TemplateChoice chatTemplate, Precision precision, int threads, int width) {}

    /** A model that is ready to compute. */
    public record Loaded(ModelDirectory model, Optional<Tokenizer> tokenizer, Decoder decoder, Parameters weights) {}

    /**
     * A generator and what it generates with.
     *
     * @param tokenizer absent where the model has none
     */
    public record Worker(Generator generator, ModelDirectory model, Optional<Tokenizer> tokenizer) {

        /** Ids that end a completion. */
        public Collection<Integer> eosIds() {
            return tokenizer.<Collection<Integer>>map(Tokenizer::eosIds).orElse(model.eosIds());
        }
    }

    @Override
    public Kind kind() {
        return Kind.GENERATE;
    }

    @Override
    public Object key() {
        return new Key(model.fingerprint(), chatTemplate, precision, threads, width);
    }

    @Override
    public String weights() {
        return model.fingerprint();
    }

    @Override
    public Loaded load(ExecutorRuntime runtime) {
        Backend backend = Backends.create(precision, threads);
        ModelDirectory directory = model.open();
        return new Loaded(
                directory,
                directory.tokenizerFile().map(file -> runtime.tokenizer(model.tokenizerFiles(), chatTemplate)),
                new Decoder(directory.config(), directory.unmerged(), backend),
                runtime.weights().of(model, backend));
    }

    @Override
    public Worker worker(Loaded loaded) {
        return new Worker(new Generator(loaded.decoder, loaded.weights, width), loaded.model, loaded.tokenizer);
    }

    @Override
    public void close(Worker worker) {
        worker.generator.close();
    }
}
