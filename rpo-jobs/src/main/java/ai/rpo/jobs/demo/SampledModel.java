package ai.rpo.jobs.demo;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.FinishReason;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.core.text.TokenizerFiles;
import ai.rpo.spark.generate.DriverSampler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** A model folder, answering at temperature 1. */
final class SampledModel implements Respondent {

    private static final int MOST_TOKENS = 16;
    private static final int AT_ONCE = 256;

    private final ModelDirectory model;
    private final Generator generator;

    private SampledModel(ModelDirectory model, Generator generator) {
        this.model = model;
        this.generator = generator;
    }

    static SampledModel open(Path folder) {
        ModelDirectory model = ModelDirectory.open(folder);
        return new SampledModel(model, DriverSampler.of(model, Precision.FLOAT32, AT_ONCE));
    }

    /**
     * Holds an answer as text and as it was sampled.
     *
     * @param example the prompt with the answer's token ids
     */
    record Sampled(Answer answer, Example example) {}

    @Override
    public List<Answer> answers(List<String> letters, long seed) {
        return sample(letters, seed).stream().map(Sampled::answer).toList();
    }

    /** Samples an answer a prompt, as {@link #answers} does. */
    List<Sampled> sample(List<String> letters, long seed) {
        SplittableRandom seeds = new SplittableRandom(seed);
        try (Tokenizer tokenizer =
                Tokenizer.open(TokenizerFiles.in(model.folder(), model.eosIds()), TemplateChoice.USUAL)) {
            List<Generator.Request> requests = new ArrayList<>(letters.size());
            for (String prompt : letters) {
                requests.add(
                        new Generator.Request(tokenizer.encodePrompt(LetterWorld.prompt(prompt)), seeds.nextLong()));
            }
            List<Sampled> answers = new ArrayList<>(letters.size());
            generator
                    .generate(
                            requests.iterator(),
                            SamplingSettings.atTemperature(1, MOST_TOKENS),
                            tokenizer.eosIds(),
                            StopRule.NONE)
                    .forEachRemaining(completion -> answers.add(new Sampled(
                            answer(completion, tokenizer),
                            new Example(requests.get(answers.size()).prompt(), List.of(completion.ids())))));
            return answers;
        }
    }

    private static Answer answer(Completion completion, Tokenizer tokenizer) {
        boolean finished = completion.reason() == FinishReason.EOS;
        int[] ids = completion.ids();
        int[] written = finished ? Arrays.copyOf(ids, ids.length - 1) : ids;
        return new Answer(tokenizer.decode(written, false), finished);
    }
}
