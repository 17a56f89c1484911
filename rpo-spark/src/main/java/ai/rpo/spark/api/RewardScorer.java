package ai.rpo.spark.api;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.prepare.DataSettingsBuilder;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Adds a reward model's rewards to the rows of a data frame:
 *
 * <pre>{@code
 * Dataset<Row> rated = RewardScorer.of("models/reward").transform(answers);
 * }</pre>
 *
 * <p>Rows are recognised as those of files are (docs/data.md). A data frame of prompts with their completion gets {@code reward},
 * one of pairs gets {@code chosen_reward} and {@code rejected_reward}: what the command {@code rate} gives the same completions.
 * A row that cannot be scored has null there, and says why in {@code unfit}, which is null otherwise. Each task computes with the
 * cores that Spark gives it, so a data frame of few partitions is to be repartitioned first.
 *
 * <p>Immutable; each setter gives another scorer.
 */
public final class RewardScorer {

    /** The column that says why a row has no rewards. */
    public static final String UNFIT = NewColumns.UNFIT;

    private static final List<String> OF_PAIRS = List.of("chosen_reward", "rejected_reward");
    private static final String OF_EXAMPLES = "reward";

    private final FrameScoring scoring;

    private RewardScorer(FrameScoring scoring) {
        this.scoring = scoring;
    }

    /** @param model folder of a sequence classifier with one label in Hugging Face layout, as the command {@code reward} writes them */
    public static RewardScorer of(String model) {
        return new RewardScorer(new FrameScoring(model));
    }

    /** Writes conversations by another chat template than the model's own: Jinja, or the name of one that the model has. */
    public RewardScorer chatTemplate(String template) {
        return new RewardScorer(scoring.withChatTemplate(template));
    }

    /** Sets to what matrix products may round their inputs. */
    public RewardScorer precision(Precision value) {
        return new RewardScorer(scoring.withPrecision(value));
    }

    /** Sets the token rows that a task computes at once. */
    public RewardScorer tokensPerBatch(int value) {
        return new RewardScorer(scoring.withTokensPerBatch(value));
    }

    /** Changes how rows are read and cut: names of columns, lengths, truncation. */
    public RewardScorer data(UnaryOperator<DataSettingsBuilder> change) {
        return new RewardScorer(scoring.withData(change));
    }

    /** Sets how rows are read and cut. The inputs that it names play no part. */
    public RewardScorer data(DataSettings value) {
        return new RewardScorer(scoring.withData(value));
    }

    /**
     * Keeps all columns and adds those named above. Nothing is computed before the result is used.
     *
     * @throws RpoException where the model cannot be opened, or the data frame has no column that a format needs, or has one
     *     of the new columns already
     */
    public Dataset<Row> transform(Dataset<Row> rows) {
        return scoring.transform(rows, LocalModel::ofReward, OF_PAIRS, OF_EXAMPLES);
    }
}
