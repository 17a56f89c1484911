package ai.rpo.spark.device;

import ai.rpo.core.model.ModelDirectory;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Optional;

/** Says what a model's folder is opened as, on whatever machine that happens. */
sealed interface OpenedAs extends Serializable {

    /** Opens a copy of the folder, which may be an adapter's on a model that is there already. */
    ModelDirectory open(Path folder, Optional<LocalModel> base);

    /** Gives logits, or is an adapter on a model that does. */
    record LanguageModel() implements OpenedAs {

        @Override
        public ModelDirectory open(Path folder, Optional<LocalModel> base) {
            return base.map(model -> ModelDirectory.open(folder, model.folder()))
                    .orElseGet(() -> ModelDirectory.open(folder));
        }
    }

    /** Gives the kind of the model that an adapter of this kind is on, whose own head does not count. */
    default OpenedAs adapted() {
        return this instanceof LanguageModel ? this : new FutureRewardModel(0);
    }

    /** Gives rewards. */
    record RewardModel() implements OpenedAs {

        @Override
        public ModelDirectory open(Path folder, Optional<LocalModel> base) {
            return base.map(model -> ModelDirectory.openReward(folder, model.folder()))
                    .orElseGet(() -> ModelDirectory.openReward(folder));
        }
    }

    /**
     * Is to be trained to give rewards, whatever it gives now.
     *
     * @param seed of a head that is drawn
     */
    record FutureRewardModel(long seed) implements OpenedAs {

        @Override
        public ModelDirectory open(Path folder, Optional<LocalModel> base) {
            return base.map(model -> ModelDirectory.openReward(folder, model.folder()))
                    .orElseGet(() -> ModelDirectory.openForRewards(folder, seed));
        }
    }
}
