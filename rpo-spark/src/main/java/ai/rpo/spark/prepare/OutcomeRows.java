package ai.rpo.spark.prepare;

import ai.rpo.core.preference.PreferenceRecord.ReferenceLogps;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer.Half;
import ai.rpo.core.text.PairTokenizer.Pair;
import ai.rpo.core.text.Remark;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Writes rows of {@link Outcomes#SCHEMA}. */
final class OutcomeRows {

    private OutcomeRows() {}

    /**
     * Says what an outcome is of.
     *
     * @param part from 0, among the pairs that the row is made into
     */
    record Origin(int file, long start, long line, int part) {}

    /**
     * A row that is kept.
     *
     * @param pair of a supervised row without a rejected completion
     * @param margin null where nobody asked for it
     * @param key the same
     */
    static Row kept(
            Origin origin,
            String split,
            SliceCounts.Place place,
            Pair pair,
            Optional<ReferenceLogps> reference,
            Double margin,
            String key,
            boolean controlCharacters) {
        return RowFactory.create(
                origin.file(),
                origin.start(),
                origin.line(),
                origin.part(),
                split,
                place.rows(),
                place.tokens(),
                pair.prompt(),
                pair.chosen(),
                pair.rejected(),
                reference.map(ReferenceLogps::chosen).orElse(null),
                reference.map(ReferenceLogps::rejected).orElse(null),
                margin,
                pair.prompt().length,
                pair.chosen().length,
                pair.rejected() == null ? null : pair.rejected().length,
                pair.notes().straddles(),
                pair.notes().cut().name(),
                names(pair.notes().remarks()),
                controlCharacters,
                null,
                null,
                null,
                null,
                key);
    }

    /** A row that is left out, or an input row that gave nothing else. */
    static Row rejected(Origin origin, String split, UnfitRowException why, String row) {
        Object[] values = new Object[Outcomes.SCHEMA.size()];
        set(values, "file", origin.file());
        set(values, "start", origin.start());
        set(values, "line", origin.line());
        set(values, "part", origin.part());
        set(values, "split", split);
        set(values, "reason", why.reason().name());
        set(values, "detail", why.getMessage());
        set(values, "row", row);
        return RowFactory.create(values);
    }

    /**
     * A row that waits for a partner, and is left out unless it finds one.
     *
     * @param unmatched why it is left out then
     */
    static Row waiting(
            Origin origin,
            String split,
            Half half,
            boolean good,
            boolean controlCharacters,
            UnfitRowException unmatched,
            String row) {
        Object[] values = new Object[Outcomes.SCHEMA.size()];
        set(values, "file", origin.file());
        set(values, "start", origin.start());
        set(values, "line", origin.line());
        set(values, "part", origin.part());
        set(values, "split", split);
        set(values, "prompt_ids", half.prompt());
        set(values, "chosen_ids", half.completion());
        set(values, "straddles", half.straddles());
        set(values, "remarks", names(half.remarks()));
        set(values, "control_characters", controlCharacters);
        set(values, "good", good);
        set(values, "reason", unmatched.reason().name());
        set(values, "detail", unmatched.getMessage());
        set(values, "row", row);
        return RowFactory.create(values);
    }

    private static String[] names(Set<Remark> remarks) {
        return remarks.stream().map(Remark::name).toArray(String[]::new);
    }

    private static void set(Object[] values, String column, Object value) {
        values[Outcomes.SCHEMA.fieldIndex(column)] = value;
    }
}
