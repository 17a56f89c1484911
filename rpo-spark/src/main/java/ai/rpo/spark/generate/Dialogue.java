package ai.rpo.spark.generate;

import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.FinishReason;
import ai.rpo.core.preference.PromptReader;
import ai.rpo.core.preference.PromptRecord;
import ai.rpo.core.preference.PromptRecord.TurnsPrompt;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Says what one prompt and the completions of it have come to: a turn, or several that build on each other. */
final class Dialogue {

    private final long ordinal;
    private final int sample;
    private final PromptReader.Row row;
    private final List<String> answers = new ArrayList<>();
    private final List<FinishReason> reasons = new ArrayList<>();
    private long tokens;
    private int[] prompt;
    private long seed;
    private Completion last;

    /**
     * @param ordinal of the row
     * @param sample which of the row's completions, from 0
     */
    Dialogue(long ordinal, int sample, PromptReader.Row row) {
        this.ordinal = ordinal;
        this.sample = sample;
        this.row = row;
    }

    long ordinal() {
        return ordinal;
    }

    int sample() {
        return sample;
    }

    String category() {
        return row.category();
    }

    /** Gives what is to be continued now, given the answers so far. */
    PromptRecord next() {
        return row.prompt() instanceof TurnsPrompt turns ? turns.after(answers) : row.prompt();
    }

    /** Sets what {@link #next} is in tokens. */
    void asks(int[] ids, long seedOfIds) {
        prompt = ids;
        seed = seedOfIds;
    }

    int[] prompt() {
        return prompt;
    }

    long seed() {
        return seed;
    }

    /** @param text null where the model has no tokenizer */
    void answered(Completion completion, String text) {
        last = completion;
        answers.add(text);
        reasons.add(completion.reason());
        tokens += completion.ids().length;
    }

    boolean goesOn() {
        return row.prompt() instanceof TurnsPrompt turns
                && answers.size() < turns.turns().size();
    }

    /** The line of results. */
    String line() {
        if (row.prompt() instanceof TurnsPrompt) {
            return CompletionRows.dialogue(ordinal, sample, row, answers, reasons, tokens);
        }
        JsonNode given = row.given();
        return CompletionRows.line(ordinal, sample, seed, given, answers.get(0), prompt, last);
    }
}
