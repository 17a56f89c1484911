package ai.rpo.jobs.demo;

import ai.rpo.core.generate.Sampler;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.generate.DriverSampler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** A model folder, answering at temperature 1. */
final class SampledModel implements Respondent {

    private static final int MOST_TOKENS = 16;

    private final ModelDirectory model;
    private final Sampler sampler;

    private SampledModel(ModelDirectory model, Sampler sampler) {
        this.model = model;
        this.sampler = sampler;
    }

    static SampledModel open(Path folder) {
        ModelDirectory model = ModelDirectory.open(folder);
        return new SampledModel(model, DriverSampler.of(model, Precision.FLOAT32));
    }

    @Override
    public List<Answer> answers(List<String> letters, long seed) {
        SplittableRandom seeds = new SplittableRandom(seed);
        try (Tokenizer tokenizer = Tokenizer.open(model.folder())) {
            List<Sampler.Request> requests = new ArrayList<>(letters.size());
            for (String prompt : letters) {
                requests.add(new Sampler.Request(tokenizer.encodePrompt(LetterWorld.prompt(prompt)), seeds.nextLong()));
            }
            Sampler.Settings settings = new Sampler.Settings(1, MOST_TOKENS, model.eosIds());
            return sampler.sample(requests, settings).stream()
                    .map(ids -> answer(ids, tokenizer))
                    .toList();
        }
    }

    private Answer answer(int[] ids, Tokenizer tokenizer) {
        boolean finished = model.eosIds().contains(ids[ids.length - 1]);
        int[] written = finished ? Arrays.copyOf(ids, ids.length - 1) : ids;
        return new Answer(tokenizer.decode(written, false), finished);
    }
}
