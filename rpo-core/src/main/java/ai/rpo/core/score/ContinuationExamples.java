package ai.rpo.core.score;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.ContextTokenizer.Continued;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Lays continuations out for scoring: those of one context share its rows. */
public final class ContinuationExamples {

    private ContinuationExamples() {}

    /**
     * Examples whose completions are the continuations in their order. Where context and continuation are longer than
     * the model takes, the context loses its beginning, and continuations that cut it differently have examples of their
     * own.
     *
     * @param contextLength tokens that the model takes; what it predicts last need not fit
     * @throws UnfitRowException where a continuation leaves no room for any context
     */
    public static List<Example> of(Continued continued, int contextLength) throws UnfitRowException {
        List<Example> examples = new ArrayList<>();
        int[] shared = null;
        List<int[]> sharing = new ArrayList<>();
        for (int[] continuation : continued.continuations()) {
            int room = contextLength + 1 - continuation.length;
            if (room < 1) {
                throw new UnfitRowException(
                        Reason.TOO_LONG,
                        "a continuation has " + continuation.length + " tokens, the model's context is "
                                + contextLength);
            }
            int[] context = end(continued.context(), room);
            if (shared != null && shared.length != context.length) {
                examples.add(new Example(shared, sharing));
                sharing = new ArrayList<>();
            }
            shared = context;
            sharing.add(continuation);
        }
        examples.add(new Example(shared, sharing));
        return examples;
    }

    /** The last ids, at most so many. */
    public static int[] end(int[] ids, int most) {
        return ids.length <= most ? ids : Arrays.copyOfRange(ids, ids.length - most, ids.length);
    }
}
