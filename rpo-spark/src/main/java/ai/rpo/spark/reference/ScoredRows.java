package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ExampleScore;
import ai.rpo.spark.dataset.ExampleRows;
import ai.rpo.spark.dataset.PairRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The kinds of prepared rows, and what scoring adds to each. */
public enum ScoredRows {

    /**
     * {@link PairRows} with {@code ref_chosen_logps} and {@code ref_rejected_logps} filled in, and {@code
     * prompt_tokens, chosen_tokens, rejected_tokens}; where wanted, {@code ref_chosen_token_logps,
     * ref_rejected_token_logps}.
     */
    PAIRS(PairRows.SCHEMA, List.of("chosen", "rejected"), "ref_%s_token_logps"),

    /**
     * {@link ExampleRows} with {@code logp}, {@code prompt_tokens} and {@code completion_tokens}; where wanted, {@code
     * token_logps}.
     */
    EXAMPLES(ExampleRows.SCHEMA.add("logp", DataTypes.DoubleType), List.of("completion"), "token_logps");

    private static final ArrayType FLOATS = DataTypes.createArrayType(DataTypes.FloatType, false);

    private final StructType scored;
    private final List<String> completions;
    private final String tokenLogps;

    ScoredRows(StructType scored, List<String> completions, String tokenLogps) {
        this.scored = scored;
        this.completions = completions;
        this.tokenLogps = tokenLogps;
    }

    /** Columns before scoring. */
    StructType prepared() {
        return this == PAIRS ? PairRows.SCHEMA : ExampleRows.SCHEMA;
    }

    /** Columns after scoring. */
    public StructType scored(boolean perToken) {
        StructType columns = scored.add("prompt_tokens", DataTypes.IntegerType);
        for (String completion : completions) {
            columns = columns.add(completion + "_tokens", DataTypes.IntegerType);
        }
        if (perToken) {
            for (String completion : completions) {
                columns = columns.add(String.format(Locale.ROOT, tokenLogps, completion), FLOATS);
            }
        }
        return columns;
    }

    /** The names of the completions, in the order of an example's. */
    List<String> completions() {
        return completions;
    }

    long ordinal(Row row) {
        return row.getLong(0);
    }

    Example example(Row row) {
        return (this == PAIRS ? PairRows.pair(row) : ExampleRows.example(row)).example();
    }

    /** The score that a row brought with it, or null. */
    ExampleScore given(Row row) {
        if (this == EXAMPLES || !PairRows.isScored(row)) {
            return null;
        }
        return new ExampleScore(PairRows.scored(row).referenceLogps(), null);
    }

    /** Gives what a row has behind the columns of {@link #prepared()}. */
    Object[] key(Row row) {
        Object[] key = new Object[Math.max(0, row.size() - prepared().size())];
        Arrays.setAll(key, i -> row.get(prepared().size() + i));
        return key;
    }

    /**
     * A row of {@link #scored(boolean)}.
     *
     * @param key is written behind it
     */
    Row row(long ordinal, Example example, ExampleScore score, boolean perToken, Object... key) {
        List<Object> values = new ArrayList<>();
        values.add(ordinal);
        values.add(example.prompt());
        values.addAll(example.completions());
        Arrays.stream(score.logps()).forEach(values::add);
        values.add(example.prompt().length);
        example.completions().forEach(completion -> values.add(completion.length));
        if (perToken) {
            int start = 0;
            for (int[] completion : example.completions()) {
                values.add(score.tokens(start, start + completion.length));
                start += completion.length;
            }
        }
        values.addAll(Arrays.asList(key));
        return RowFactory.create(values.toArray());
    }
}
