package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.struct;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.preference.PreferenceRecord;
import ai.rpo.core.preference.PreferenceRecord.RatedCompletions;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.RowFormats;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer;
import java.io.Serializable;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Tokenises the rows of a data frame as {@link PrepareStage} does those of files: the same formats, limits and reasons to
 * leave a row out.
 */
public final class FrameRows implements Serializable {

    private static final long serialVersionUID = 1L;

    private final PreparePlan plan;

    /**
     * @param settings whose inputs play no part
     * @throws RpoException where the tokenizer cannot be used, or rows may be longer than the model's context
     */
    public FrameRows(RowKind kind, DataSettings settings, TargetModel model) {
        plan = PreparePlan.of(kind, settings, model, List::of);
        new PrepareStage(kind, settings, model).checkTokenizer();
    }

    /**
     * Selects what a reader wants to know of a row, as one column.
     *
     * @throws RpoException where the data frame has no column of any format
     */
    public Column of(StructType schema) {
        return select(schema, plan.fields());
    }

    /**
     * Selects the columns that may be fields of a format, as one column.
     *
     * @throws RpoException where the data frame has none
     */
    public static Column select(StructType schema, FieldNames fields) {
        Set<String> wanted = new HashSet<>(RowFormats.fields());
        wanted.addAll(fields.names().values());
        fields.ignored().forEach(wanted::remove);
        Column[] columns = Arrays.stream(schema.fields())
                .filter(column ->
                        wanted.contains(column.name()) || column.dataType().equals(DataTypes.StringType))
                .map(RowJson::column)
                .toArray(Column[]::new);
        if (Arrays.stream(schema.fieldNames()).noneMatch(wanted::contains)) {
            throw RpoException.configuration("Cannot read the data frame: none of its columns ("
                    + String.join(", ", schema.fieldNames())
                    + ") is a field of a preference format. Name them prompt, chosen and rejected, or prompt and completion"
                    + " (docs/data.md has all formats), or say what they are called.");
        }
        return struct(columns);
    }

    /** Writes what was selected as the row of a file has it: an object in JSON, in UTF-8. */
    public static byte[] json(Row selected) {
        return RowJson.of(selected, 0);
    }

    /** Makes a reader for one task. */
    public Reader reader() {
        return new Reader(plan);
    }

    /** Reads and tokenises rows one by one. */
    public static final class Reader {

        private final PreparePlan plan;
        private final RowReader rows;
        private final RowTokenizer tokens;

        private Reader(PreparePlan plan) {
            this.plan = plan;
            rows = new RowReader(Optional.ofNullable(plan.format()).flatMap(RowFormats::named), plan.fields());
            tokens = new RowTokenizer(plan);
        }

        /**
         * Gives a prompt and its completions: chosen and rejected, or the only one.
         *
         * @param selected by {@link FrameRows#of}
         * @throws UnfitRowException where the row cannot be used
         */
        public Example example(Row selected) throws UnfitRowException {
            PreferenceRecord row = only(rows.read(json(selected)));
            PairTokenizer.Pair ids = plan.kind() == RowKind.PAIRS ? tokens.pair(row) : tokens.example(row);
            plan.model().checkVocabulary(ids);
            return new Example(
                    ids.prompt(),
                    plan.kind() == RowKind.PAIRS ? List.of(ids.chosen(), ids.rejected()) : List.of(ids.chosen()));
        }

        private PreferenceRecord only(PreferenceRecord row) throws UnfitRowException {
            if (!(row instanceof RatedCompletions rated)) {
                return row;
            }
            List<? extends PreferenceRecord> pairs = rated.pairs(plan.ratedPairs());
            if (pairs.size() != 1) {
                throw new UnfitRowException(
                        Reason.WRONG_KIND, "it makes " + pairs.size() + " pairs, and one row is to stay one row");
            }
            return pairs.get(0);
        }
    }
}
