package ai.rpo.spark.prepare;

import java.io.Serializable;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The graph that training pairs draw among the responses of each prompt. What is worth more than what can be learnt
 * within a component only (math.md, 29).
 *
 * @param prompts that have a pair
 * @param responses told apart by their tokens, each counted with its prompt
 * @param comparisons pairs
 * @param components connected ones; at least one a prompt
 * @param comparedOnce responses that stand in one pair only
 * @param neverRejected responses that won each of their pairs
 * @param mostComparisons of one response
 */
record ComparisonGraph(
        long prompts,
        long responses,
        long comparisons,
        long components,
        long comparedOnce,
        long neverRejected,
        long mostComparisons)
        implements Serializable {

    static final ComparisonGraph EMPTY = new ComparisonGraph(0, 0, 0, 0, 0, 0, 0);

    ComparisonGraph plus(ComparisonGraph other) {
        return new ComparisonGraph(
                prompts + other.prompts,
                responses + other.responses,
                comparisons + other.comparisons,
                components + other.components,
                comparedOnce + other.comparedOnce,
                neverRejected + other.neverRejected,
                Math.max(mostComparisons, other.mostComparisons));
    }

    /** The part of one prompt, while its pairs are read. */
    static final class OfPrompt {

        private final Map<Long, Response> responses = new HashMap<>();
        private long comparisons;

        private static final class Response {
            private long comparisons;
            private long rejections;
            private Response joinedTo = this;

            private Response root() {
                Response root = this;
                while (root.joinedTo != root) {
                    root.joinedTo = root.joinedTo.joinedTo;
                    root = root.joinedTo;
                }
                return root;
            }
        }

        /** Responses are named by hashes of their tokens. */
        void add(long chosen, long rejected) {
            Response winner = responses.computeIfAbsent(chosen, hash -> new Response());
            Response loser = responses.computeIfAbsent(rejected, hash -> new Response());
            winner.comparisons++;
            loser.comparisons++;
            loser.rejections++;
            winner.root().joinedTo = loser.root();
            comparisons++;
        }

        ComparisonGraph graph() {
            Collection<Response> all = responses.values();
            Set<Response> roots = new HashSet<>();
            all.forEach(response -> roots.add(response.root()));
            return comparisons == 0
                    ? EMPTY
                    : new ComparisonGraph(
                            1,
                            all.size(),
                            comparisons,
                            roots.size(),
                            all.stream()
                                    .filter(response -> response.comparisons == 1)
                                    .count(),
                            all.stream()
                                    .filter(response -> response.rejections == 0)
                                    .count(),
                            all.stream()
                                    .mapToLong(response -> response.comparisons)
                                    .max()
                                    .orElse(0));
        }
    }
}
