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
 * Adds a model's log-probabilities to the rows of a data frame:
 *
 * <pre>{@code
 * Dataset<Row> scored = LogpsScorer.of("models/sft").transform(spark.table("feedback.pairs"));
 * }</pre>
 *
 * <p>Rows are recognised as those of files are (docs/data.md). A data frame of pairs gets {@code ref_chosen_logps} and
 * {@code ref_rejected_logps}, one of prompts with their completion gets {@code logp}: sums over the completion's tokens, in nats.
 * A row that cannot be scored has null there, and says why in {@code unfit}, which is null otherwise. Each task computes with the
 * cores that Spark gives it, so a data frame of few partitions is to be repartitioned first.
 *
 * <p>Immutable; each setter gives another scorer.
 */
public final class LogpsScorer {

    /** The column that says why a row has no log-probabilities. */
    public static final String UNFIT = NewColumns.UNFIT;

    private static final List<String> OF_PAIRS = List.of("ref_chosen_logps", "ref_rejected_logps");
    private static final String OF_EXAMPLES = "logp";

    private final FrameScoring scoring;

    private LogpsScorer(FrameScoring scoring) {
        this.scoring = scoring;
    }

    /** @param model folder of a model in Hugging Face layout or of an adapter in PEFT's, on any store that Hadoop reaches */
    public static LogpsScorer of(String model) {
        return new LogpsScorer(new FrameScoring(model));
    }

    /** Writes conversations by another chat template than the model's own: Jinja, or the name of one that the model has. */
    public LogpsScorer chatTemplate(String template) {
        return new LogpsScorer(scoring.withChatTemplate(template));
    }

    /** Sets to what matrix products may round their inputs. */
    public LogpsScorer precision(Precision value) {
        return new LogpsScorer(scoring.withPrecision(value));
    }

    /** Sets the token rows that a task computes at once. */
    public LogpsScorer tokensPerBatch(int value) {
        return new LogpsScorer(scoring.withTokensPerBatch(value));
    }

    /** Changes how rows are read and cut: names of columns, lengths, truncation. */
    public LogpsScorer data(UnaryOperator<DataSettingsBuilder> change) {
        return new LogpsScorer(scoring.withData(change));
    }

    /** Sets how rows are read and cut. The inputs that it names play no part. */
    public LogpsScorer data(DataSettings value) {
        return new LogpsScorer(scoring.withData(value));
    }

    /**
     * Keeps all columns and adds those named above. Nothing is computed before the result is used.
     *
     * @throws RpoException where the model cannot be opened, or the data frame has no column that a format needs, or has one
     *     of the new columns already
     */
    public Dataset<Row> transform(Dataset<Row> rows) {
        return scoring.transform(rows, LocalModel::of, OF_PAIRS, OF_EXAMPLES);
    }
}
