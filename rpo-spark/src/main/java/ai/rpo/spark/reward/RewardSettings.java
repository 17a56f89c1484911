package ai.rpo.spark.reward;

import ai.rpo.core.objective.BradleyTerry;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.spark.train.RowUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Holds the keys of {@code rpo.reward}.
 *
 * @param members reward models that are trained, each with seeds of its own
 * @param bootstrap whether each is trained on a bootstrap sample of the pairs, drawn by its own seed
 * @param marginField field of a pair's row in which the data say by how much the chosen completion is better; none where absent
 * @param center what holds the mean reward near 0; 0 for nothing
 * @param training how each is trained
 */
public record RewardSettings(
        int members, boolean bootstrap, Optional<String> marginField, double center, TrainSettings training) {

    public RewardSettings {
        List<String> problems = new ArrayList<>();
        if (members < 1) {
            problems.add("members must be at least 1, but is " + members);
        }
        if (!(center >= 0 && Double.isFinite(center))) {
            problems.add("center must be at least 0, but is " + center);
        }
        if (marginField.isPresent() && marginField.get().isBlank()) {
            problems.add("margin-field must name a field, but is empty");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** Makes the loss that is minimised. */
    public BradleyTerry objective() {
        return new BradleyTerry(center);
    }

    /** Returns the seed of a member's head, of its sample of the pairs and of their order. */
    long seed(int member) {
        return training.seed() + member;
    }

    /** Returns the pairs that a member is trained on. */
    RowUse pairs(int member) {
        return bootstrap ? RowUse.bootstrap(seed(member)) : RowUse.ALL;
    }

    /** Returns how a member is trained. */
    TrainSettings training(int member) {
        return training.toBuilder().seed(seed(member)).build();
    }
}
