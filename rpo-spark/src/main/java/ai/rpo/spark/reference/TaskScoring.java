package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ExampleScore;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.spark.store.KeyedFiles;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.apache.spark.sql.Row;

/**
 * The rows of one partition with their scores, in their order: those that are known as they are, the others computed in
 * packed batches and added to the store. Holds one batch at a time.
 */
final class TaskScoring implements Iterator<Row> {

    private static final int MOST_ROWS_HELD = 4096;

    private final ScoreJob job;
    private final Iterator<Row> rows;
    private final Map<Long, ExampleScore> known;
    private final Supplier<ReferenceScorer> scorer;
    private final KeyedFiles.Writer<ScoreFile.Scored> store;
    private final UnfitScores unfit;
    private Iterator<Row> scored = Collections.emptyIterator();
    private Pending held;

    /**
     * @param known scores computed before, by ordinal
     * @param scorer asked for once there is something to compute
     */
    TaskScoring(
            ScoreJob job,
            Iterator<Row> rows,
            Map<Long, ExampleScore> known,
            Supplier<ReferenceScorer> scorer,
            KeyedFiles.Writer<ScoreFile.Scored> store,
            UnfitScores unfit) {
        this.job = job;
        this.rows = rows;
        this.known = known;
        this.scorer = scorer;
        this.store = store;
        this.unfit = unfit;
    }

    /** A row on its way; without a score while it is to be computed. */
    private record Pending(long ordinal, Example example, ExampleScore score, boolean given, Object[] key) {

        private boolean missing() {
            return score == null;
        }
    }

    @Override
    public boolean hasNext() {
        while (!scored.hasNext() && (held != null || rows.hasNext())) {
            scored = scoreNextBatch().iterator();
        }
        return scored.hasNext();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return scored.next();
    }

    private List<Row> scoreNextBatch() {
        List<Pending> batch = new ArrayList<>();
        List<Example> missing = new ArrayList<>();
        long tokens = 0;
        while (batch.size() < MOST_ROWS_HELD && (held != null || rows.hasNext())) {
            Pending row = held == null ? pending(rows.next()) : held;
            held = null;
            if (row.missing()) {
                int packed = scorer.get().rowsBehind(missing, row.example());
                if (!missing.isEmpty() && tokens + packed > job.settings().tokensPerBatch()) {
                    held = row;
                    break;
                }
                missing.add(row.example());
                tokens += packed;
            }
            batch.add(row);
        }
        Iterator<ExampleScore> computed = compute(missing).iterator();
        List<Row> output = new ArrayList<>(batch.size());
        for (Pending row : batch) {
            ExampleScore score = row.missing() ? computed.next() : row.score();
            if (score.isFinite()) {
                output.add(job.kind().row(row.ordinal(), row.example(), score, job.perToken(), row.key()));
            } else {
                job.counts().notFinite().add(1);
                unfit.add(row.ordinal(), row.example(), score, row.given());
            }
        }
        job.counts().computed().add(missing.size());
        job.counts().tokens().add(tokens);
        job.counts().rows().add(batch.size());
        return output;
    }

    private Pending pending(Row row) {
        long ordinal = job.kind().ordinal(row);
        Example example = job.kind().example(row);
        ExampleScore given = job.kind().given(row);
        if (given != null) {
            job.counts().given().add(1);
            return new Pending(ordinal, example, given, true, job.kind().key(row));
        }
        ExampleScore before = known.get(ordinal);
        if (before != null) {
            job.counts().reused().add(1);
        }
        return new Pending(ordinal, example, before, false, job.kind().key(row));
    }

    private List<ExampleScore> compute(List<Example> examples) {
        if (examples.isEmpty()) {
            return List.of();
        }
        List<ExampleScore> scores = scorer.get().scoreTokens(examples);
        for (int i = 0; i < examples.size(); i++) {
            if (scores.get(i).isFinite()) {
                store.add(new ScoreFile.Scored(job.store().key(examples.get(i)), scores.get(i)));
            }
        }
        return scores;
    }
}
