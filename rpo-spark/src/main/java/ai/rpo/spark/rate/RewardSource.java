package ai.rpo.spark.rate;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.spark.device.LocalModel;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Gives a completion its rewards: by a number from each of some models, and what these numbers mean. */
public sealed interface RewardSource extends Serializable {

    /** Says what to do about several vocabularies. */
    String SAME = "Name models with the same tokenizer.";

    /** Names the models, each of which scores every completion; at least one, and all read the same tokens. */
    List<LocalModel> models();

    /**
     * Makes the rewards of a completion, one a member.
     *
     * @param scores by the models, in their order
     */
    double[] rewards(double[] scores);

    /**
     * Looks at whether the ids of a policy's tokens mean to these models what they mean to it.
     *
     * @throws RpoException where they do not
     */
    default void requireTokensOf(LocalModel policy) {
        requireSameTokens(
                policy,
                models().get(0),
                "Name models with the policy's tokenizer, or set rpo.rate.tokenize-again = true, which has completions read by"
                        + " their text.");
    }

    /** Takes reward models of one kind, each of them a member. */
    record Ensemble(List<LocalModel> models) implements RewardSource {

        /** @throws RpoException where the members are models of different kinds */
        public Ensemble {
            models = List.copyOf(models);
            LocalModel first = models.get(0);
            for (LocalModel other : models) {
                boolean alike = ParameterLayout.of(first.open().config())
                        .entries()
                        .equals(ParameterLayout.of(other.open().config()).entries());
                if (!alike) {
                    throw RpoException.configuration("Cannot rate with " + first.uri() + " and " + other.uri()
                            + " together: they are different models, whose rewards have scales of their own."
                            + " Name members of one ensemble in rpo.rate.model.");
                }
                requireSameTokens(first, other, SAME);
            }
        }

        @Override
        public double[] rewards(double[] scores) {
            return scores;
        }
    }

    /** Takes what a policy implies beside its reference, β·log(π(y|x)/π_ref(y|x)), up to a constant of the prompt. */
    record Implicit(LocalModel policy, LocalModel reference, double beta) implements RewardSource {

        /** @throws RpoException where the models read text differently */
        public Implicit {
            requireSameTokens(policy, reference, SAME);
        }

        @Override
        public List<LocalModel> models() {
            return List.of(policy, reference);
        }

        @Override
        public double[] rewards(double[] scores) {
            return new double[] {beta * (scores[0] - scores[1])};
        }
    }

    private static void requireSameTokens(LocalModel one, LocalModel other, String remedy) {
        int size = one.open().config().vocabularySize();
        int otherSize = other.open().config().vocabularySize();
        if (size != otherSize || !tokenizer(one).equals(tokenizer(other))) {
            throw RpoException.configuration("Cannot rate with " + one.uri() + " and " + other.uri()
                    + " together: they have different vocabularies"
                    + (size == otherSize ? " in tokenizer.json" : ", of " + size + " and " + otherSize + " tokens")
                    + ". " + remedy);
        }
    }

    private static Optional<String> tokenizer(LocalModel model) {
        ModelDirectory directory = model.open();
        return directory.tokenizerFile().map(RewardSource::text);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
