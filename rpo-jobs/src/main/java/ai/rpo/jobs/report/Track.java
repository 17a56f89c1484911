package ai.rpo.jobs.report;

import java.util.List;

/**
 * The way that one policy went from the common start.
 *
 * @param method by which it was aligned
 * @param seed of its data and its training
 * @param marks from the start on, two at least
 */
public record Track(Method method, long seed, List<Mark> marks) {

    /**
     * Holds what was measured of a policy on prompts that nothing was trained on.
     *
     * @param step optimizer steps behind it
     * @param kl Kullback-Leibler divergence from the start, in nats an answer
     * @param proxy mean reward by the proxy, in units of the gold reward and equal to it at the start
     * @param gold mean gold reward
     */
    public record Mark(long step, double kl, double proxy, double gold) {

        /** Gives √KL, the distance in which overoptimization is measured. */
        double distance() {
            return Math.sqrt(kl);
        }

        /** Tells by how much the proxy promises more than there is. */
        double gap() {
            return proxy - gold;
        }
    }

    public Track {
        marks = List.copyOf(marks);
        if (marks.size() < 2) {
            throw new IllegalArgumentException("A way has a start and an end.");
        }
    }

    Mark start() {
        return marks.get(0);
    }

    Mark end() {
        return marks.get(marks.size() - 1);
    }
}
