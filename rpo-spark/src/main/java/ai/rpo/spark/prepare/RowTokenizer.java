package ai.rpo.spark.prepare;

import ai.rpo.core.preference.PreferenceRecord;
import ai.rpo.core.preference.PreferenceRecord.ConversationExample;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PreferenceRecord.TokenExample;
import ai.rpo.core.preference.PreferenceRecord.TokenPair;
import ai.rpo.core.preference.PreferenceRecord.UnpairedCompletion;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.GivenTokens;
import ai.rpo.core.text.PairTokenizer;
import ai.rpo.core.text.PairTokenizer.Cut;
import ai.rpo.core.text.PairTokenizer.Notes;
import java.util.Set;

/** Turns records of any format into the token ids that a model is trained on. */
final class RowTokenizer {

    private static final Notes AS_GIVEN = new Notes(0, Cut.NOTHING, Set.of());

    private final PreparePlan plan;
    private final GivenTokens givenTokens;
    private PairTokenizer tokenizer;

    RowTokenizer(PreparePlan plan) {
        this.plan = plan;
        this.givenTokens = new GivenTokens(plan.maxLength(), plan.maxPromptLength());
    }

    /** @throws UnfitRowException where the row is no pair, or cannot be trained on */
    PairTokenizer.Pair pair(PreferenceRecord row) throws UnfitRowException {
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
        throw new UnfitRowException(
                Reason.WRONG_KIND,
                "it has one completion, but chosen and rejected are needed, or a label that is true or false");
    }

    /**
     * Gives a supervised row, with its completion for the chosen one.
     *
     * @throws UnfitRowException where the row is a pair, or cannot be trained on
     */
    PairTokenizer.Pair example(PreferenceRecord row) throws UnfitRowException {
        if (row instanceof TextExample text) {
            return withoutRejected(tokenizer().tokenize(text));
        }
        if (row instanceof ConversationExample conversation) {
            return withoutRejected(tokenizer().tokenize(conversation));
        }
        if (row instanceof UnpairedCompletion unpaired) {
            return example(unpaired.example());
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

    /** Gives one side of a pair whose other side stands in another row. */
    PairTokenizer.Half half(PreferenceRecord example) throws UnfitRowException {
        return example instanceof ConversationExample conversation
                ? tokenizer().tokenizeHalf(conversation)
                : tokenizer().tokenizeHalf((TextExample) example);
    }

    /** Opened by the first row of text, since tokenised rows do without. */
    private PairTokenizer tokenizer() {
        if (tokenizer == null) {
            tokenizer = plan.tokenizer();
        }
        return tokenizer;
    }
}
