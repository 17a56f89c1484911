package ai.rpo.spark.api;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.score.ExampleScore;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.FrameRows;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.reference.ScoringRole;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.apache.spark.sql.Row;

/** Scores the rows of one partition in their order, by log-probabilities or rewards; holds one batch at a time. */
final class LogpsOfRows implements Iterator<Row> {

    private static final int ROW_ITSELF = 1; // what a row that is not scored takes of a batch

    private final Iterator<List<Read>> batches;
    private final Supplier<ReferenceScorer> scorer;
    private final NewColumns columns;
    private Iterator<Row> scored = Collections.emptyIterator();

    /** A row and what it says, or why that cannot be used. */
    private record Read(Row row, Example example, String unfit) {

        int packedRows() {
            return example == null ? ROW_ITSELF : example.packedRows();
        }
    }

    /**
     * @param rows whose last column is what {@link FrameRows#of} selected
     * @param columns that rows get
     */
    LogpsOfRows(
            Iterator<Row> rows,
            FrameRows input,
            LocalModel model,
            ScoreSettings settings,
            int threads,
            NewColumns columns) {
        FrameRows.Reader reader = input.reader();
        Iterator<Read> read = new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public Read next() {
                Row row = rows.next();
                try {
                    return new Read(row, reader.example(row.getStruct(row.size() - 1)), null);
                } catch (UnfitRowException e) {
                    return new Read(row, null, e.reason().key() + ": " + e.getMessage());
                }
            }
        };
        batches = new MicroBatches<>(read, Read::packedRows, settings.tokensPerBatch());
        scorer = new ScoringRole(model, settings.precision(), threads).onFirstUse();
        this.columns = columns;
    }

    @Override
    public boolean hasNext() {
        return scored.hasNext() || batches.hasNext();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        if (!scored.hasNext()) {
            scored = score(batches.next()).iterator();
        }
        return scored.next();
    }

    private List<Row> score(List<Read> batch) {
        List<Example> examples = batch.stream()
                .map(Read::example)
                .filter(example -> example != null)
                .toList();
        Iterator<ExampleScore> scores = examples.isEmpty()
                ? Collections.emptyIterator()
                : scorer.get().scoreTokens(examples).iterator();
        List<Row> rows = new ArrayList<>(batch.size());
        for (Read read : batch) {
            rows.add(read.example == null ? columns.unfit(read.row, read.unfit) : finite(read.row, scores.next()));
        }
        return rows;
    }

    private Row finite(Row row, ExampleScore score) {
        return score.isFinite()
                ? columns.of(row, Arrays.stream(score.logps()).boxed().toArray())
                : columns.unfit(row, "not-finite: what the model says of it is no finite number");
    }
}
