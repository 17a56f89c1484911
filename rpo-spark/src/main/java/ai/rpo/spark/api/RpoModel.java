package ai.rpo.spark.api;

import ai.rpo.core.RpoException;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.store.Stores;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Names a trained model.
 *
 * @param path folder in Hugging Face layout
 * @param precision to what matrix products may round their inputs
 * @param chatTemplate how its conversations are written
 */
public record RpoModel(String path, Precision precision, TemplateChoice chatTemplate) {

    /** Adds the model's log-probabilities to rows, as {@link LogpsScorer} says; its {@code ref_…} columns are this model's then. */
    public Dataset<Row> logps(Dataset<Row> rows) {
        LogpsScorer scorer = LogpsScorer.of(path).precision(precision);
        return (chatTemplate.template() == null ? scorer : scorer.chatTemplate(chatTemplate.template()))
                .transform(rows);
    }

    /** Adds the model's own completions to rows with a prompt, as {@link CompletionSampler} says. */
    public Dataset<Row> completions(Dataset<Row> rows, SamplingSettings sampling) {
        CompletionSampler sampler = CompletionSampler.of(path, sampling).precision(precision);
        return (chatTemplate.template() == null ? sampler : sampler.chatTemplate(chatTemplate.template()))
                .transform(rows);
    }

    /**
     * Copies the model to a folder that is not there yet.
     *
     * @throws RpoException where something is there, or it cannot be written
     */
    public void save(String target, Configuration hadoop) {
        Path from = Stores.path(path);
        Path to = Stores.path(target);
        try {
            if (Stores.open(to, hadoop).exists(to)) {
                throw RpoException.configuration(
                        "Cannot save the model to " + to + ": something is there already. Name another folder.");
            }
            FileUtil.copy(Stores.open(from, hadoop), from, Stores.open(to, hadoop), to, false, hadoop);
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE, "Cannot save the model to " + to + ": " + e + ". Try again.", e);
        }
    }
}
