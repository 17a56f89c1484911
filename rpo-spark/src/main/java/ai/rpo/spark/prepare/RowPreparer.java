package ai.rpo.spark.prepare;

import ai.rpo.core.preference.ControlCharacters;
import ai.rpo.core.preference.PreferenceRecord;
import ai.rpo.core.preference.PreferenceRecord.RatedCompletions;
import ai.rpo.core.preference.PreferenceRecord.ReferenceLogps;
import ai.rpo.core.preference.PreferenceRecord.TokenPair;
import ai.rpo.core.preference.PreferenceRecord.UnpairedCompletion;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.RowFormats;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer;
import ai.rpo.spark.prepare.OutcomeRows.Origin;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;

/** Turns the rows of one partition into {@link Outcomes}, in the order in which they come. */
final class RowPreparer {

    private static final int LONGEST_QUOTE = 1 << 20;

    private final PreparePlan plan;
    private final RowReader reader;
    private final RowTokenizer tokens;
    private final RowKey key;
    private final SliceCounts counts = new SliceCounts();

    RowPreparer(PreparePlan plan) {
        this.plan = plan;
        this.reader = new RowReader(Optional.ofNullable(plan.format()).flatMap(RowFormats::named), plan.fields());
        this.tokens = new RowTokenizer(plan);
        this.key = new RowKey(plan.key());
    }

    /** A row for each pair or example that the source is made of; one where it is left out, or waits for a partner. */
    List<Row> prepare(SourceRow source) {
        List<Row> outcomes = new ArrayList<>();
        try {
            for (PreferenceRecord row : records(reader.read(source.json()))) {
                outcomes.add(prepare(source, outcomes.size(), row));
            }
        } catch (UnfitRowException e) {
            outcomes.add(rejected(source, outcomes.size(), e));
        }
        return outcomes;
    }

    private List<PreferenceRecord> records(PreferenceRecord row) throws UnfitRowException {
        return row instanceof RatedCompletions rated ? rated.pairs(plan.ratedPairs()) : List.of(row);
    }

    private Row prepare(SourceRow source, int part, PreferenceRecord row) {
        try {
            return switch (plan.kind()) {
                case PAIRS ->
                    row instanceof UnpairedCompletion unpaired
                            ? waiting(source, part, unpaired)
                            : kept(source, part, tokens.pair(row), margin(source), row);
                case EXAMPLES -> kept(source, part, tokens.example(row), null, row);
            };
        } catch (UnfitRowException e) {
            return rejected(source, part, e);
        }
    }

    private static Optional<ReferenceLogps> reference(PreferenceRecord row) {
        return row instanceof TokenPair pair ? pair.reference() : Optional.empty();
    }

    private Double margin(SourceRow source) throws UnfitRowException {
        return plan.hasMargins() ? reader.margin(source.json()) : null;
    }

    private Row kept(SourceRow source, int part, PairTokenizer.Pair pair, Double margin, PreferenceRecord row)
            throws UnfitRowException {
        plan.model().checkVocabulary(pair);
        String split = plan.split(usedFor(source), pair);
        int length =
                pair.prompt().length + pair.chosen().length + (pair.rejected() == null ? 0 : pair.rejected().length);
        return OutcomeRows.kept(
                origin(source, part),
                split,
                counts.next(source.file(), source.start(), split, length),
                pair,
                reference(row),
                margin,
                key.names().isEmpty() ? null : key.of(source.json()),
                ControlCharacters.areIn(row));
    }

    private Row waiting(SourceRow source, int part, UnpairedCompletion row) throws UnfitRowException {
        if (plan.hasMargins()) {
            throw new UnfitRowException(Reason.WRONG_KIND, "it has one completion, and margins are those of pairs");
        }
        if (!plan.key().isEmpty()) {
            throw new UnfitRowException(
                    Reason.WRONG_KIND, "it has one completion, and a pair of two rows would have two keys");
        }
        return OutcomeRows.waiting(
                origin(source, part),
                usedFor(source),
                tokens.half(row.example()),
                row.good(),
                ControlCharacters.areIn(row),
                new UnfitRowException(Reason.UNMATCHED, "its label is " + row.good()),
                quote(source.json()));
    }

    private Row rejected(SourceRow source, int part, UnfitRowException e) {
        return OutcomeRows.rejected(origin(source, part), usedFor(source), explained(source, e), quote(source.json()));
    }

    /** A field of another name may be what the row lacks, or a column that is not read. */
    private UnfitRowException explained(SourceRow source, UnfitRowException e) {
        if (e.reason() != Reason.UNKNOWN_FORMAT && e.reason() != Reason.WRONG_KIND) {
            return e;
        }
        StringBuilder message = new StringBuilder(e.getMessage());
        if (e.reason() == Reason.WRONG_KIND) {
            reader.hint(source.json()).ifPresent(hint -> message.append("; ").append(hint));
        }
        ParquetContent content = plan.files().get(source.file()).parquet();
        if (content != null && !content.others().isEmpty()) {
            message.append("; not read are ").append(String.join(", ", content.others()));
        }
        return new UnfitRowException(e.reason(), message.toString());
    }

    private static Origin origin(SourceRow source, int part) {
        return new Origin(source.file(), source.start(), source.line(), part);
    }

    /** The split of its file. */
    private String usedFor(SourceRow source) {
        return plan.files().get(source.file()).heldOut() ? Outcomes.EVAL : Outcomes.TRAIN;
    }

    private static String quote(byte[] json) {
        return new String(json, 0, Math.min(json.length, LONGEST_QUOTE), StandardCharsets.UTF_8);
    }
}
