package ai.rpo.spark.prepare;

import ai.rpo.core.preference.ControlCharacters;
import ai.rpo.core.preference.PreferenceRecord;
import ai.rpo.core.preference.PreferenceRecord.ConversationExample;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.RatedCompletions;
import ai.rpo.core.preference.PreferenceRecord.ReferenceLogps;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PreferenceRecord.TokenExample;
import ai.rpo.core.preference.PreferenceRecord.TokenPair;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.RowFormats;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.GivenTokens;
import ai.rpo.core.text.PairTokenizer;
import ai.rpo.core.text.PairTokenizer.Cut;
import ai.rpo.core.text.PairTokenizer.Notes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Turns the rows of one partition into {@link Outcomes}, in the order in which they come. */
final class RowPreparer {

    private static final Notes AS_GIVEN = new Notes(0, Cut.NOTHING, false);
    private static final int LONGEST_QUOTE = 1 << 20;

    private final PreparePlan plan;
    private final RowReader reader;
    private final GivenTokens givenTokens;
    private final Map<String, Long> places = new HashMap<>();
    private final Map<String, Long> tokens = new HashMap<>();
    private PairTokenizer tokenizer;
    private int file = -1;
    private long start = -1;

    RowPreparer(PreparePlan plan) {
        this.plan = plan;
        this.reader = new RowReader(Optional.ofNullable(plan.format()).flatMap(RowFormats::named), plan.fields());
        this.givenTokens = new GivenTokens(plan.maxLength(), plan.maxPromptLength());
    }

    /** A row for each pair or example that the source is made of; one where it is left out. */
    List<Row> prepare(SourceRow source) {
        if (source.file() != file || source.start() != start) {
            file = source.file();
            start = source.start();
            places.clear();
            tokens.clear();
        }
        boolean heldOut = plan.files().get(file).heldOut();
        List<Row> outcomes = new ArrayList<>();
        try {
            for (PreferenceRecord row : records(reader.read(source.json()))) {
                outcomes.add(prepare(source, heldOut, row));
            }
        } catch (UnfitRowException e) {
            outcomes.add(rejected(source, heldOut ? Outcomes.EVAL : Outcomes.TRAIN, e));
        }
        return outcomes;
    }

    private List<PreferenceRecord> records(PreferenceRecord row) throws UnfitRowException {
        return row instanceof RatedCompletions rated ? rated.pairs(plan.ratedPairs()) : List.of(row);
    }

    private Row prepare(SourceRow source, boolean heldOut, PreferenceRecord row) {
        try {
            return switch (plan.kind()) {
                case PAIRS -> kept(source, heldOut, pair(row), row);
                case EXAMPLES -> kept(source, heldOut, example(row), row);
            };
        } catch (UnfitRowException e) {
            return rejected(source, heldOut ? Outcomes.EVAL : Outcomes.TRAIN, e);
        }
    }

    private PairTokenizer.Pair pair(PreferenceRecord row) throws UnfitRowException {
        if (row instanceof TextPair text) {
            return tokenizer().tokenize(text);
        }
        if (row instanceof ConversationPair conversation) {
            return tokenizer().tokenize(conversation);
        }
        if (row instanceof TokenPair tokens) {
            givenTokens.check(tokens);
            return new PairTokenizer.Pair(tokens.prompt(), tokens.chosen(), tokens.rejected(), AS_GIVEN);
        }
        throw new UnfitRowException(Reason.WRONG_KIND, "it has one completion, but chosen and rejected are needed");
    }

    /** A supervised row, with its completion for the chosen one. */
    private PairTokenizer.Pair example(PreferenceRecord row) throws UnfitRowException {
        if (row instanceof TextExample text) {
            return withoutRejected(tokenizer().tokenize(text));
        }
        if (row instanceof ConversationExample conversation) {
            return withoutRejected(tokenizer().tokenize(conversation));
        }
        if (row instanceof TokenExample tokens) {
            givenTokens.check(tokens);
            return new PairTokenizer.Pair(tokens.prompt(), tokens.completion(), null, AS_GIVEN);
        }
        throw new UnfitRowException(Reason.WRONG_KIND, "it has chosen and rejected, but one completion is needed");
    }

    private static PairTokenizer.Pair withoutRejected(PairTokenizer.Example example) {
        return new PairTokenizer.Pair(example.prompt(), example.completion(), null, example.notes());
    }

    private static Optional<ReferenceLogps> reference(PreferenceRecord row) {
        return row instanceof TokenPair tokens ? tokens.reference() : Optional.empty();
    }

    /** Opened by the first row of text, since tokenised rows do without. */
    private PairTokenizer tokenizer() {
        if (tokenizer == null) {
            tokenizer = new PairTokenizer(ExecutorTokenizers.get(plan.model()), plan.onStraddle(), plan.limit());
        }
        return tokenizer;
    }

    private Row kept(SourceRow source, boolean heldOut, PairTokenizer.Pair pair, PreferenceRecord row)
            throws UnfitRowException {
        Optional<ReferenceLogps> reference = reference(row);
        checkVocabulary("prompt", pair.prompt());
        checkVocabulary(pair.rejected() == null ? "completion" : "chosen", pair.chosen());
        if (pair.rejected() != null) {
            checkVocabulary("rejected", pair.rejected());
        }
        boolean eval = heldOut || HeldOutPrompts.contains(pair.prompt(), plan.evalFraction());
        String split = eval ? Outcomes.EVAL : Outcomes.TRAIN;
        return RowFactory.create(
                source.file(),
                source.start(),
                source.line(),
                split,
                nextPlace(split),
                tokensBefore(split, pair),
                pair.prompt(),
                pair.chosen(),
                pair.rejected(),
                reference.map(ReferenceLogps::chosen).orElse(null),
                reference.map(ReferenceLogps::rejected).orElse(null),
                pair.prompt().length,
                pair.chosen().length,
                pair.rejected() == null ? null : pair.rejected().length,
                pair.notes().straddles(),
                pair.notes().cut().name(),
                pair.notes().spelledSpecialToken(),
                ControlCharacters.areIn(row),
                null,
                null,
                null);
    }

    private Row rejected(SourceRow source, String split, UnfitRowException e) {
        Object[] values = new Object[Outcomes.SCHEMA.size()];
        values[Outcomes.SCHEMA.fieldIndex("file")] = source.file();
        values[Outcomes.SCHEMA.fieldIndex("start")] = source.start();
        values[Outcomes.SCHEMA.fieldIndex("line")] = source.line();
        values[Outcomes.SCHEMA.fieldIndex("split")] = split;
        values[Outcomes.SCHEMA.fieldIndex("reason")] = e.reason().name();
        values[Outcomes.SCHEMA.fieldIndex("detail")] = e.getMessage();
        values[Outcomes.SCHEMA.fieldIndex("row")] = quote(source.json());
        return RowFactory.create(values);
    }

    /** Adds the pair's to those of the split. */
    private long tokensBefore(String split, PairTokenizer.Pair pair) {
        int length =
                pair.prompt().length + pair.chosen().length + (pair.rejected() == null ? 0 : pair.rejected().length);
        return tokens.merge(split, (long) length, Long::sum) - length;
    }

    private long nextPlace(String split) {
        return places.merge(split, 1L, Long::sum) - 1;
    }

    private void checkVocabulary(String field, int[] ids) throws UnfitRowException {
        for (int id : ids) {
            if (id >= plan.model().vocabularySize()) {
                throw new UnfitRowException(
                        Reason.TOKEN_OUT_OF_RANGE,
                        field + " has id " + id + ", the vocabulary ends at "
                                + (plan.model().vocabularySize() - 1));
            }
        }
    }

    private static String quote(byte[] json) {
        return new String(json, 0, Math.min(json.length, LONGEST_QUOTE), StandardCharsets.UTF_8);
    }
}
