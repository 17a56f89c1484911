package ai.rpo.spark.prepare;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.preference.RowFormats;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer;
import java.io.Serializable;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/** Turns single rows into a prompt and its completion in a model's tokens, for stages that keep the place of each row. */
public final class ExampleSource implements Serializable {

    private static final long serialVersionUID = 1L;

    private final PreparePlan plan;

    private ExampleSource(PreparePlan plan) {
        this.plan = plan;
    }

    /**
     * Looks at the tokenizer, if there is one.
     *
     * @throws ai.rpo.core.RpoException where it cannot be used, or rows may be longer than the model's context
     */
    public static ExampleSource of(DataSettings settings, TargetModel model) {
        if (Files.exists(model.text().local().tokenizer())) {
            model.requireUsable();
        }
        return new ExampleSource(PreparePlan.of(RowKind.EXAMPLES, settings, model, List::of));
    }

    /** Reads rows, one after another. */
    @FunctionalInterface
    public interface Reader {

        /**
         * @param json an object in UTF-8
         * @throws UnfitRowException where it is no prompt with one completion that the model can take
         */
        TrainingExample read(long ordinal, byte[] json) throws UnfitRowException;
    }

    /** Makes a reader, which serves one task. */
    public Reader reader() {
        RowReader rows = new RowReader(Optional.ofNullable(plan.format()).flatMap(RowFormats::named), plan.fields());
        RowTokenizer tokens = new RowTokenizer(plan);
        return (ordinal, json) -> {
            PairTokenizer.Pair example = tokens.example(rows.read(json));
            plan.model().checkVocabulary(example);
            return TrainingExample.supervised(ordinal, example.prompt(), example.chosen());
        };
    }
}
