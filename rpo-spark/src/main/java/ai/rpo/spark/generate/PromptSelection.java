package ai.rpo.spark.generate;

import ai.rpo.core.preference.PromptReader;
import ai.rpo.core.preference.PromptRecord;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.PromptRecord.TokenPrompt;
import ai.rpo.core.preference.PromptRecord.TurnsPrompt;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PromptTokenizer;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.HeldOutPrompts;
import ai.rpo.spark.prepare.NumberedRows;
import ai.rpo.spark.prepare.NumberedRows.NumberedRow;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * Selects rows whose prompts a judge is to see answered: those in words, each prompt once, in their order.
 *
 * @param source how rows are read
 * @param fraction share of the prompts that is held out of the rows; 0 where all of them are
 * @param mostTokens of a held-out prompt; a longer one was cut before it was decided whether it is held out
 * @param model whose tokens decide that
 * @param chatTemplate how the model's conversations are written
 */
public record PromptSelection(
        PromptSource source, double fraction, int mostTokens, LocalModel model, TemplateChoice chatTemplate)
        implements Serializable {

    private record Chosen(String prompt, long ordinal, String json) implements Serializable {}

    /**
     * The first rows as JSON lines.
     *
     * @param paths files, folders or globs
     * @param most rows
     */
    public List<String> first(SparkSession spark, List<String> paths, int most) {
        JavaRDD<Chosen> chosen = NumberedRows.read(spark, paths).mapPartitions(this::choose);
        return chosen
                .mapToPair(row -> new Tuple2<>(row.prompt, row))
                .reduceByKey((one, other) -> one.ordinal < other.ordinal ? one : other)
                .values()
                .takeOrdered(most, (Comparator<Chosen> & Serializable)
                        (one, other) -> Long.compare(one.ordinal, other.ordinal))
                .stream()
                .map(Chosen::json)
                .toList();
    }

    private Iterator<Chosen> choose(Iterator<NumberedRow> rows) {
        if (fraction == 0) {
            return choose(rows, null);
        }
        try (Tokenizer tokenizer = Tokenizer.open(model.tokenizerFiles(), chatTemplate)) {
            return choose(rows, new PromptTokenizer(tokenizer, source.specialTokens()));
        }
    }

    /** @param tokenizer null where no row is trained on */
    private Iterator<Chosen> choose(Iterator<NumberedRow> rows, PromptTokenizer tokenizer) {
        PromptReader reader = source.reader();
        List<Chosen> chosen = new ArrayList<>();
        while (rows.hasNext()) {
            NumberedRow row = rows.next();
            try {
                PromptReader.Row read = reader.read(row.json());
                if (!(read.prompt() instanceof TokenPrompt)
                        && (tokenizer == null || isHeldOut(ids(read.prompt(), tokenizer)))) {
                    chosen.add(new Chosen(
                            read.given().toString(),
                            row.ordinal(),
                            RowReader.parse(row.json()).toString()));
                }
            } catch (UnfitRowException e) {
                continue; // the preparation has said so
            }
        }
        return chosen.iterator();
    }

    private boolean isHeldOut(int[] ids) {
        return ids.length <= mostTokens && HeldOutPrompts.contains(ids, fraction);
    }

    private static int[] ids(PromptRecord prompt, PromptTokenizer tokenizer) throws UnfitRowException {
        if (prompt instanceof TextPrompt text) {
            return tokenizer.tokenize(text);
        }
        return tokenizer.tokenize(
                prompt instanceof TurnsPrompt turns ? turns.after(List.of()) : (ConversationPrompt) prompt);
    }
}
