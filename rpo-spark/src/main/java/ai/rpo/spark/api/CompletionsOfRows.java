package ai.rpo.spark.api;

import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.CompletionText;
import ai.rpo.core.generate.Generator.Request;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.preference.PromptReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.spark.generate.GeneratingRole;
import ai.rpo.spark.generate.PromptIds;
import ai.rpo.spark.generate.PromptSeeds;
import ai.rpo.spark.generate.PromptSource;
import ai.rpo.spark.prepare.FrameRows;
import ai.rpo.spark.runtime.ExecutorRuntime;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.sql.Row;

/** Continues the prompts of one partition in their order; holds those that are computed at once, and no more. */
final class CompletionsOfRows implements Iterator<Row> {

    /** Holds what all tasks of one call have in common. */
    record Task(GeneratingRole role, PromptSource source, SamplingSettings sampling, long seed, NewColumns columns)
            implements Serializable {}

    /** A row and its prompt in tokens, or why that cannot be continued. */
    private record Read(Row row, int[] prompt, String unfit) {}

    private final Iterator<Row> rows;
    private final Task task;
    private final PromptReader reader;
    private final Deque<Read> open = new ArrayDeque<>();
    private PromptIds ids;
    private Optional<CompletionText> text;
    private Iterator<Completion> completions;
    private Request next;

    /** @param rows whose last column is what {@link FrameRows#select} made */
    CompletionsOfRows(Iterator<Row> rows, Task task) {
        this.rows = rows;
        this.task = task;
        reader = task.source.reader();
    }

    @Override
    public boolean hasNext() {
        return !open.isEmpty() || rows.hasNext();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        if (completions == null) {
            borrow();
        }
        if (open.isEmpty()) {
            look();
        }
        Read first = open.poll();
        if (first.prompt == null) {
            return task.columns.unfit(first.row, first.unfit);
        }
        Completion completion = completions.next();
        return task.columns.of(
                first.row,
                text.map(of -> of.of(first.prompt, completion)).orElse(null),
                completion.ids(),
                completion.reason().key());
    }

    private void borrow() {
        GeneratingRole.Worker lent =
                ExecutorRuntime.ofThisJvm().borrow(task.role).untilTaskEnds().worker();
        ids = new PromptIds(task.role.model(), lent, task.source.specialTokens());
        text = lent.tokenizer().map(tokenizer -> new CompletionText(tokenizer, List.of()));
        completions = lent.generator().generate(new Requests(), task.sampling, lent.eosIds(), StopRule.NONE);
    }

    /** Reads on to the next prompt that can be continued, or to the end. */
    private void look() {
        while (next == null && rows.hasNext()) {
            Row row = rows.next();
            try {
                int[] prompt = ids.of(reader.read(FrameRows.json(row.getStruct(row.size() - 1)))
                        .prompt());
                open.add(new Read(row, prompt, null));
                next = new Request(prompt, PromptSeeds.of(task.seed, prompt, 0));
            } catch (UnfitRowException e) {
                open.add(new Read(row, null, e.reason().key() + ": " + e.getMessage()));
            }
        }
    }

    /** Gives the generator prompts as it has room for them. */
    private final class Requests implements Iterator<Request> {

        @Override
        public boolean hasNext() {
            look();
            return next != null;
        }

        @Override
        public Request next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Request request = next;
            next = null;
            return request;
        }
    }
}
