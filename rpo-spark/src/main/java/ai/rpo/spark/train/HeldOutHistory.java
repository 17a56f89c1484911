package ai.rpo.spark.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Holds what checkpoints reached in what they are chosen by, in the order of their steps. */
record HeldOutHistory(List<Score> scores) {

    static final HeldOutHistory EMPTY = new HeldOutHistory(List.of());

    HeldOutHistory {
        scores = List.copyOf(scores);
    }

    /**
     * @param step of the checkpoint
     * @param cost the number, negated where more is better
     */
    record Score(long step, double cost) {}

    HeldOutHistory and(long step, double cost) {
        List<Score> more = new ArrayList<>(scores);
        more.add(new Score(step, cost));
        return new HeldOutHistory(more);
    }

    /** The first of the best. */
    Optional<Score> best() {
        return scores.stream().min(Comparator.comparingDouble(Score::cost));
    }

    /** Tells how many have come since the best. */
    int sinceBest() {
        return best().map(best -> scores.size() - 1 - scores.indexOf(best)).orElse(0);
    }
}
