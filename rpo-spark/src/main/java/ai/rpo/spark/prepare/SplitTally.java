package ai.rpo.spark.prepare;

import ai.rpo.core.text.PairTokenizer.Cut;
import ai.rpo.core.text.Remark;
import java.io.Serializable;
import java.util.EnumMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Row;

/** Counts the rows that were kept for one split. */
final class SplitTally implements Serializable {

    private static final long serialVersionUID = 1L;

    private long rows;
    private long straddles;
    private long promptsCut;
    private long completionsCut;
    private final EnumMap<Remark, Long> remarks = new EnumMap<>(Remark.class);
    private long controlCharacters;
    private long chosenLonger;
    private long referenced;
    private final TreeMap<Integer, Long> promptLengths = new TreeMap<>();
    private final TreeMap<Integer, Long> chosenLengths = new TreeMap<>();
    private final TreeMap<Integer, Long> rejectedLengths = new TreeMap<>();

    /**
     * @param outcome of {@link Outcomes#counted}
     */
    void add(Row outcome) {
        rows++;
        straddles += outcome.<Integer>getAs("straddles");
        switch (Cut.valueOf(outcome.getAs("cut"))) {
            case NOTHING -> {}
            case PROMPT -> promptsCut++;
            case COMPLETION -> completionsCut++;
        }
        outcome.<String>getList(outcome.fieldIndex("remarks"))
                .forEach(name -> remarks.merge(Remark.valueOf(name), 1L, Long::sum));
        if (outcome.<Boolean>getAs("control_characters")) {
            controlCharacters++;
        }
        if (outcome.getAs("ref_chosen_logps") != null) {
            referenced++;
        }
        Integer chosen = outcome.getAs("chosen_tokens");
        Integer rejected = outcome.getAs("rejected_tokens");
        promptLengths.merge(outcome.getAs("prompt_tokens"), 1L, Long::sum);
        chosenLengths.merge(chosen, 1L, Long::sum);
        if (rejected != null) {
            rejectedLengths.merge(rejected, 1L, Long::sum);
            if (chosen > rejected) {
                chosenLonger++;
            }
        }
    }

    void add(SplitTally other) {
        rows += other.rows;
        straddles += other.straddles;
        promptsCut += other.promptsCut;
        completionsCut += other.completionsCut;
        other.remarks.forEach((remark, count) -> remarks.merge(remark, count, Long::sum));
        controlCharacters += other.controlCharacters;
        chosenLonger += other.chosenLonger;
        referenced += other.referenced;
        addLengths(promptLengths, other.promptLengths);
        addLengths(chosenLengths, other.chosenLengths);
        addLengths(rejectedLengths, other.rejectedLengths);
    }

    private static void addLengths(SortedMap<Integer, Long> sum, SortedMap<Integer, Long> more) {
        more.forEach((length, rows) -> sum.merge(length, rows, Long::sum));
    }

    long rows() {
        return rows;
    }

    /** Counts those of prompts and completions together. */
    long tokens() {
        return prompt().tokens() + chosen().tokens() + rejected().tokens();
    }

    /** Completions that were tokenised alone, since a token straddled their border with the prompt. */
    long straddles() {
        return straddles;
    }

    /** Rows whose prompt lost its beginning. */
    long promptsCut() {
        return promptsCut;
    }

    /** Rows that lost the end of a completion. */
    long completionsCut() {
        return completionsCut;
    }

    /** Rows of which there is this to say. */
    long remarks(Remark remark) {
        return remarks.getOrDefault(remark, 0L);
    }

    /** Rows whose text has control characters other than tabs and line ends. */
    long controlCharacters() {
        return controlCharacters;
    }

    /** Rows whose chosen completion has more tokens than the rejected one. */
    long chosenLonger() {
        return chosenLonger;
    }

    /** Rows that brought their reference log-probabilities. */
    long referenced() {
        return referenced;
    }

    LengthStatistics prompt() {
        return new LengthStatistics(promptLengths);
    }

    /** Gives those of chosen completions, or of the only ones. */
    LengthStatistics chosen() {
        return new LengthStatistics(chosenLengths);
    }

    LengthStatistics rejected() {
        return new LengthStatistics(rejectedLengths);
    }
}
