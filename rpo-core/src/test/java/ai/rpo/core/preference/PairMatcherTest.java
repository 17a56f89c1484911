package ai.rpo.core.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PairMatcherTest {

    @Test
    void inOrderTheFirstGoodOneGoesWithTheFirstBadOne() {
        assertEquals(List.of("g1 b1", "g2 b2", "g3", "g4"), match(Matching.IN_ORDER, 10, "g1 g2 b1 b2 g3 g4"));
        assertEquals(List.of("g1 b1", "g2 b2", "b3"), match(Matching.IN_ORDER, 10, "b1 g1 b2 b3 g2"));
    }

    @Test
    void allGoWithAll() {
        assertEquals(
                List.of("g1 b1", "g2 b1", "g1 b2", "g2 b2", "g3 b1", "g3 b2"),
                match(Matching.ALL, 10, "g1 b1 g2 b2 g3"));
        assertEquals(List.of("g1", "g2"), match(Matching.ALL, 10, "g1 g2"));
    }

    @Test
    void noMorePairsAreMadeThanAllowed() {
        assertEquals(List.of("g3", "g1 b1", "g2 b2", "b3"), match(Matching.IN_ORDER, 2, "g1 g2 g3 b1 b2 b3"));
        assertEquals(List.of("g1 b1", "g2 b1", "g1 b2", "b3", "g3"), match(Matching.ALL, 3, "g1 b1 g2 b2 b3 g3"));
    }

    /** What the shards of data rest on, to which more is appended. */
    @ParameterizedTest
    @EnumSource(Matching.class)
    void moreCompletionsLeaveEarlierPairsAsTheyAre(Matching matching) {
        String all = "g1 g2 b1 g3 b2 b3 b4 g4 g5 b5 g6 g7 b6";
        List<String> pairs = pairs(match(matching, 12, all));
        for (int length = 2; length < all.length(); length += 3) {
            List<String> before = pairs(match(matching, 12, all.substring(0, length)));
            assertEquals(pairs.subList(0, before.size()), before);
        }
    }

    private static List<String> pairs(List<String> results) {
        return results.stream().filter(result -> result.contains(" ")).toList();
    }

    /** Pairs and left-over completions in the order in which they are told. */
    private static List<String> match(Matching matching, int mostPairs, String completions) {
        PairMatcher<String> matcher = new PairMatcher<>(matching, mostPairs);
        List<String> results = new ArrayList<>();
        for (String completion : completions.split(" ")) {
            boolean good = completion.startsWith("g");
            PairMatcher.Outcome<String> outcome = matcher.add(completion, good);
            outcome.partners()
                    .forEach(partner -> results.add(good ? completion + " " + partner : partner + " " + completion));
            if (outcome.leftOver()) {
                results.add(completion);
            }
        }
        results.addAll(matcher.unmatched());
        return results;
    }
}
