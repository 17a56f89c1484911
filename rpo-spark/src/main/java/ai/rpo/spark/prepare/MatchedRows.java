package ai.rpo.spark.prepare;

import ai.rpo.core.preference.PairMatcher;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer;
import ai.rpo.core.text.PairTokenizer.Half;
import ai.rpo.core.text.PairTokenizer.Pair;
import ai.rpo.core.text.Remark;
import ai.rpo.spark.prepare.OutcomeRows.Origin;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import org.apache.spark.sql.Row;

/** The pairs of waiting rows, which come prompt by prompt, and the rows that find no partner. */
final class MatchedRows implements Iterator<Row> {

    /** Known once the rows of a slice are together. */
    private static final SliceCounts.Place NOT_YET = new SliceCounts.Place(0, 0);

    private final Iterator<Row> waiting;
    private final PreparePlan plan;
    private final PairTokenizer tokenizer;
    private final Queue<Row> found = new ArrayDeque<>();
    private PairMatcher<Row> matcher;
    private String split;
    private int[] prompt;

    /** @param waiting of one split and prompt after the other, each in the order of the input */
    MatchedRows(Iterator<Row> waiting, PreparePlan plan) {
        this.waiting = waiting;
        this.plan = plan;
        this.tokenizer = plan.tokenizer();
    }

    @Override
    public boolean hasNext() {
        while (found.isEmpty() && waiting.hasNext()) {
            match(waiting.next());
            if (!waiting.hasNext()) {
                found.addAll(matcher.unmatched());
            }
        }
        return !found.isEmpty();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return found.remove();
    }

    private void match(Row row) {
        int[] itsPrompt = ids(row, "prompt_ids");
        if (matcher == null || !row.getAs("split").equals(split) || !Arrays.equals(itsPrompt, prompt)) {
            if (matcher != null) {
                found.addAll(matcher.unmatched());
            }
            matcher = new PairMatcher<>(
                    plan.unpaired().matching(), plan.unpaired().maxPairsPerPrompt());
            split = row.getAs("split");
            prompt = itsPrompt;
        }
        boolean good = row.getAs("good");
        PairMatcher.Outcome<Row> outcome = matcher.add(row, good);
        List<Row> partners = outcome.partners();
        for (int i = 0; i < partners.size(); i++) {
            Row partner = partners.get(i);
            found.add(pair(origin(row, i), good ? row : partner, good ? partner : row, row));
        }
        if (outcome.leftOver()) {
            found.add(row);
        }
    }

    private Row pair(Origin origin, Row chosen, Row rejected, Row later) {
        try {
            Pair pair = tokenizer.join(half(chosen), half(rejected));
            plan.model().checkVocabulary(pair);
            boolean controlCharacters =
                    chosen.<Boolean>getAs("control_characters") || rejected.<Boolean>getAs("control_characters");
            return OutcomeRows.kept(
                    origin, plan.split(split, pair), NOT_YET, pair, Optional.empty(), null, null, controlCharacters);
        } catch (UnfitRowException e) {
            return OutcomeRows.rejected(origin, split, e, later.getAs("row"));
        }
    }

    private static Origin origin(Row row, int part) {
        return new Origin(row.getAs("file"), row.getAs("start"), row.getAs("line"), part);
    }

    private static Half half(Row row) {
        return new Half(ids(row, "prompt_ids"), ids(row, "chosen_ids"), row.getAs("straddles"), remarks(row));
    }

    private static Set<Remark> remarks(Row row) {
        Set<Remark> remarks = EnumSet.noneOf(Remark.class);
        row.<String>getList(row.fieldIndex("remarks")).forEach(name -> remarks.add(Remark.valueOf(name)));
        return remarks;
    }

    private static int[] ids(Row row, String column) {
        return row.<Integer>getList(row.fieldIndex(column)).stream()
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
