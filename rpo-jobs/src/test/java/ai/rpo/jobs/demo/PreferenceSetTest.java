package ai.rpo.jobs.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PreferenceSetTest {

    private static final Respondent CARELESS = (letters, seed) -> {
        CarelessWriter writer = new CarelessWriter(new SplittableRandom(seed));
        return letters.stream().map(l -> new Answer(writer.answer(l), true)).toList();
    };

    @Test
    void collectsAsManyPairsAsWantedAndAccountsForEveryPrompt() {
        PreferenceSet set = PreferenceSet.collect(CARELESS, 300, Set.of(), 1);
        assertEquals(300, set.pairs().size());
        assertEquals(set.asked(), 300 + set.equal() + set.unfit());
        assertTrue(set.equal() > 0, "half of the answers are right, so some pairs must be equal");
        set.pairs().forEach(pair -> assertNotEquals(pair.chosen(), pair.rejected()));
    }

    @Test
    void dependsOnTheSeedAlone() {
        assertEquals(
                PreferenceSet.collect(CARELESS, 50, Set.of(), 1), PreferenceSet.collect(CARELESS, 50, Set.of(), 1));
        assertNotEquals(
                PreferenceSet.collect(CARELESS, 50, Set.of(), 1), PreferenceSet.collect(CARELESS, 50, Set.of(), 2));
    }

    /** The judge's own error rate, from the gold differences of the very pairs: mean of σ(−3·|Δ|) over unequal ones. */
    @Test
    void labelsAreWrongAsOftenAsTheJudgeIs() {
        PreferenceSet set = PreferenceSet.collect(CARELESS, 4000, Set.of(), 3);
        double expected = set.pairs().stream()
                .mapToDouble(pair -> pair.goldOfChosen() == pair.goldOfRejected()
                        ? 0
                        : NoisyJudge.probabilityOfFirst(-Math.abs(pair.goldOfChosen() - pair.goldOfRejected())))
                .average()
                .orElseThrow();
        assertEquals(expected, set.wrongShare(), 0.02);
        assertTrue(expected > 0.05, "a judge without noise would show nothing");
    }

    @Test
    void leavesReservedPromptsAlone() {
        Set<String> reserved = Set.copyOf(PreferenceSet.prompts(new SplittableRandom(9), Set.of(), 500));
        List<String> fresh = PreferenceSet.prompts(new SplittableRandom(9), reserved, 500);
        assertTrue(fresh.stream().noneMatch(reserved::contains));
    }

    @Test
    void passesOverAnswersThatAreNoText() {
        Respondent broken = (letters, seed) -> letters.stream()
                .map(l -> switch (l.charAt(0) % 4) {
                    case 0 -> new Answer("", true);
                    case 1 -> new Answer("abc", false);
                    case 2 -> new Answer("a<s>", true);
                    default -> new Answer(seed % 2 == 0 ? "ab" : "cd", true);
                })
                .toList();
        PreferenceSet set = PreferenceSet.collect(broken, 20, Set.of(), 4);
        assertTrue(set.unfit() > 0);
        set.pairs().forEach(pair -> assertEquals(2, pair.chosen().length()));
        assertFalse(new Answer("ab=", true).isPlain());
    }

    @Test
    void givesUpOnAModelThatAlwaysSaysTheSame() {
        Respondent stubborn = (letters, seed) ->
                letters.stream().map(l -> new Answer("abc", true)).toList();
        assertThrows(IllegalStateException.class, () -> PreferenceSet.collect(stubborn, 10, Set.of(), 1));
    }
}
