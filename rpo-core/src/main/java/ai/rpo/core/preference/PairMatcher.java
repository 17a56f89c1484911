package ai.rpo.core.preference;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Makes pairs of the good and the bad completions of one prompt, as they come. A pair is made when the later of the two
 * comes, so completions that are added at the end change none of the pairs before. Holds no more completions of either
 * kind than there may be pairs.
 *
 * @param <T> a completion
 */
public final class PairMatcher<T> {

    private final Matching matching;
    private final int mostPairs;
    private final Deque<Candidate<T>> good = new ArrayDeque<>();
    private final Deque<Candidate<T>> bad = new ArrayDeque<>();
    private int pairs;

    /**
     * @param mostPairs that are made
     */
    public PairMatcher(Matching matching, int mostPairs) {
        this.matching = matching;
        this.mostPairs = mostPairs;
    }

    private static final class Candidate<T> {

        private final T completion;
        private boolean matched;

        private Candidate(T completion) {
            this.completion = completion;
        }
    }

    /**
     * Says what becomes of a completion.
     *
     * @param partners of the other kind, in the order in which they came
     * @param leftOver whether it has no partner and will not get one
     */
    public record Outcome<T>(List<T> partners, boolean leftOver) {}

    public Outcome<T> add(T completion, boolean isGood) {
        Deque<Candidate<T>> own = isGood ? good : bad;
        Deque<Candidate<T>> others = isGood ? bad : good;
        return switch (matching) {
            case IN_ORDER -> addInOrder(completion, own, others);
            case ALL -> addToAll(new Candidate<>(completion), own, others);
        };
    }

    /** Those of one kind wait, or none; who finds a partner is done. */
    private Outcome<T> addInOrder(T completion, Deque<Candidate<T>> own, Deque<Candidate<T>> others) {
        if (!others.isEmpty()) {
            pairs++;
            return new Outcome<>(List.of(others.remove().completion), false);
        }
        boolean waits = pairs + own.size() < mostPairs;
        if (waits) {
            own.add(new Candidate<>(completion));
        }
        return new Outcome<>(List.of(), !waits);
    }

    private Outcome<T> addToAll(Candidate<T> added, Deque<Candidate<T>> own, Deque<Candidate<T>> others) {
        List<T> partners = new ArrayList<>();
        for (Candidate<T> other : others) {
            if (pairs < mostPairs) {
                partners.add(other.completion);
                other.matched = true;
                added.matched = true;
                pairs++;
            }
        }
        boolean waits = pairs < mostPairs && own.size() < mostPairs;
        if (waits) {
            own.add(added);
        }
        return new Outcome<>(partners, !waits && !added.matched);
    }

    /** Completions that waited for a partner in vain, once no more come: the good ones first. */
    public List<T> unmatched() {
        List<T> unmatched = new ArrayList<>();
        for (Deque<Candidate<T>> side : List.of(good, bad)) {
            side.stream().filter(one -> !one.matched).forEach(one -> unmatched.add(one.completion));
        }
        return unmatched;
    }
}
