package ai.rpo.jobs.demo;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.reward.Aggregate;
import ai.rpo.core.score.Divergence;
import ai.rpo.core.score.DivergenceScorer;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.generate.DriverSampler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Samples an answer a prompt, with the same random numbers for every policy, and has it measured on the driver. */
final class ModelYardstick implements Yardstick {

    private static final int AT_ONCE = 64;

    private final Backend backend = DriverSampler.backend(Precision.FLOAT32);
    private final Loaded base;
    private final List<ReferenceScorer> members;
    private final List<String> prompts;
    private final long seed;

    /** A model on the backend. */
    private record Loaded(Decoder decoder, Parameters weights) {}

    /**
     * @param members folders of the reward models
     * @param prompts letters of the prompts
     */
    ModelYardstick(Path base, List<Path> members, List<String> prompts, long seed) {
        this.base = load(ModelDirectory.open(base));
        this.members = members.stream()
                .map(ModelDirectory::openReward)
                .map(this::load)
                .map(loaded -> new ReferenceScorer(loaded.decoder(), loaded.weights()))
                .toList();
        this.prompts = List.copyOf(prompts);
        this.seed = seed;
    }

    private Loaded load(ModelDirectory model) {
        return new Loaded(
                new Decoder(model.config(), backend), Parameters.readOnly(model.config(), model.weights(), backend));
    }

    @Override
    public Reading read(Path policy) {
        List<SampledModel.Sampled> answers = SampledModel.open(policy).sample(prompts, seed);
        List<Example> examples =
                answers.stream().map(SampledModel.Sampled::example).toList();
        List<List<Double>> rewards = new ArrayList<>();
        for (ReferenceScorer member : members) {
            rewards.add(inBatches(examples, batch -> {
                List<Double> numbers = new ArrayList<>();
                for (double reward : member.completionLogps(batch)) {
                    numbers.add(reward);
                }
                return numbers;
            }));
        }
        double kl = 0;
        double gold = 0;
        double single = 0;
        double ensemble = 0;
        List<Divergence> divergences = divergences(load(ModelDirectory.open(policy)), examples);
        for (int i = 0; i < prompts.size(); i++) {
            int answer = i;
            double[] ofMembers =
                    rewards.stream().mapToDouble(each -> each.get(answer)).toArray();
            kl += divergences.get(i).kl();
            gold += answers.get(i).answer().gold(prompts.get(i));
            single += ofMembers[0];
            ensemble += Aggregate.MIN.of(ofMembers, 0);
        }
        int count = prompts.size();
        return new Reading(kl / count, gold / count, single / count, ensemble / count);
    }

    private List<Divergence> divergences(Loaded policy, List<Example> examples) {
        try (DivergenceScorer scorer =
                new DivergenceScorer(policy.decoder(), policy.weights(), base.decoder(), base.weights())) {
            return inBatches(examples, scorer::measure);
        }
    }

    private static <T> List<T> inBatches(List<Example> examples, Function<List<Example>, List<T>> measure) {
        List<T> all = new ArrayList<>();
        for (int from = 0; from < examples.size(); from += AT_ONCE) {
            all.addAll(measure.apply(examples.subList(from, Math.min(examples.size(), from + AT_ONCE))));
        }
        return all;
    }
}
