package ai.rpo.core.preference;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** One row of training data as its author wrote it, before tokenisation. */
public sealed interface PreferenceRecord {

    /** Two completions of one prompt, as text, and which of them is preferred. */
    record TextPair(String prompt, String chosen, String rejected) implements PreferenceRecord {}

    /** A prompt and what to answer, as text; for supervised fine-tuning and plain scoring. */
    record TextExample(String prompt, String completion) implements PreferenceRecord {}

    /** Two ways to go on with a conversation, and which of them is preferred. */
    record ConversationPair(
            List<Message> prompt, List<Message> chosen, List<Message> rejected, TemplateArguments arguments)
            implements PreferenceRecord {

        /** Without arguments of the template. */
        public ConversationPair(List<Message> prompt, List<Message> chosen, List<Message> rejected) {
            this(prompt, chosen, rejected, TemplateArguments.NONE);
        }
    }

    /** A conversation and how to go on with it. */
    record ConversationExample(List<Message> prompt, List<Message> completion, TemplateArguments arguments)
            implements PreferenceRecord {

        /** Without arguments of the template. */
        public ConversationExample(List<Message> prompt, List<Message> completion) {
            this(prompt, completion, TemplateArguments.NONE);
        }
    }

    /**
     * A completion by itself; a pair is made of a good and a bad one of the same prompt.
     *
     * @param example a {@link TextExample} or {@link ConversationExample}
     * @param good as its label says
     */
    record UnpairedCompletion(PreferenceRecord example, boolean good) implements PreferenceRecord {}

    /**
     * Several completions of one prompt, each with a score; pairs are made of them.
     *
     * @param prompt text or a conversation, and so are the completions
     */
    record RatedCompletions(PromptRecord prompt, List<RatedCompletion> completions) implements PreferenceRecord {

        public RatedCompletions {
            completions = List.copyOf(completions);
        }

        /**
         * Pairs of a better and a worse completion, the best ones first.
         *
         * @throws UnfitRowException where none is rated above another
         */
        public List<PreferenceRecord> pairs(RatedPairs which) throws UnfitRowException {
            List<RatedCompletion> best = completions.stream()
                    .sorted(Comparator.comparingDouble(RatedCompletion::score).reversed())
                    .toList();
            List<PreferenceRecord> pairs = new ArrayList<>();
            for (int i = 0; i < best.size(); i++) {
                for (int j = i + 1; j < best.size(); j++) {
                    boolean wanted = which == RatedPairs.ALL || i == 0 && j == best.size() - 1;
                    if (wanted && best.get(i).score > best.get(j).score) {
                        pairs.add(pair(best.get(i), best.get(j)));
                    }
                }
            }
            if (pairs.isEmpty()) {
                throw new UnfitRowException(Reason.TIED);
            }
            return pairs;
        }

        private PreferenceRecord pair(RatedCompletion chosen, RatedCompletion rejected) {
            return prompt instanceof PromptRecord.ConversationPrompt conversation
                    ? new ConversationPair(
                            conversation.messages(), chosen.messages, rejected.messages, conversation.arguments())
                    : new TextPair(((PromptRecord.TextPrompt) prompt).text(), chosen.text, rejected.text);
        }
    }

    /**
     * @param text empty where the completion is a list of messages
     * @param score the higher the better
     */
    record RatedCompletion(String text, List<Message> messages, double score) {}

    /**
     * A pair that was tokenised elsewhere and is used as it stands.
     *
     * @param reference log-probabilities of both completions, where the row brings them
     */
    record TokenPair(int[] prompt, int[] chosen, int[] rejected, Optional<ReferenceLogps> reference)
            implements PreferenceRecord {}

    /** A supervised row that was tokenised elsewhere and is used as it stands. */
    record TokenExample(int[] prompt, int[] completion) implements PreferenceRecord {}

    /** A reference model's log-probabilities, summed over each completion's tokens, in nats. */
    record ReferenceLogps(double chosen, double rejected) {}
}
