package ai.rpo.bench;

import java.util.Random;

/**
 * Predicts what a training round takes. The state of a model, S bytes in n chunks, is exchanged in four phases, each as long as
 * its busiest part:
 *
 * <ol>
 *   <li>each of w workers fetches the common state; the chunks lie with min(n, w) owners, and an owner sends each of its
 *       chunks to all others;
 *   <li>after its steps, each copies its own state into blocks;
 *   <li>each owner fetches its chunks from all workers (that is its fan-in) and averages them;
 *   <li>the driver fetches the means.
 * </ol>
 *
 * Nobody asks the driver where a chunk lies; it starts and ends tasks, one after another.
 */
record RoundModel(Machines machines) {

    private static final int DRAWS = 500;

    /**
     * What the machines can do.
     *
     * @param link bytes a second that an executor, and the driver, can send and at the same time receive
     * @param copy bytes a second at which a worker's state moves between network and blocks
     * @param averaging numbers a second that one task adds up
     * @param task seconds in which the driver starts and ends one task
     * @param fixed seconds of a round that depend on nothing
     * @param sharedCores cores that all workers share, with the memory of one JVM for a link; 0 where each has a machine
     */
    record Machines(double link, double copy, double averaging, double task, double fixed, int sharedCores) {}

    /**
     * What is trained.
     *
     * @param stateBytes bytes of parameters and moments
     * @param chunks into which they are cut
     * @param steps between two averages
     * @param step seconds of an optimizer step
     * @param spread standard deviation of a worker's computing time in a round, as a share of it
     */
    record Work(long stateBytes, int chunks, int workers, int steps, double step, double spread) {}

    /** Seconds by what they go to; their sum is the round. */
    record Seconds(double compute, double waiting, double transfer, double averaging, double scheduling) {

        double total() {
            return compute + waiting + exchange();
        }

        /** A round without its steps. */
        double exchange() {
            return transfer + averaging + scheduling;
        }

        /** Share of the round in which the mean worker does not compute. */
        double overheadShare() {
            return 1 - compute / total();
        }
    }

    Seconds predict(Work work) {
        int w = work.workers();
        int owners = Math.min(w, work.chunks());
        double chunk = (double) work.stateBytes() / work.chunks();
        int chunksEach = (work.chunks() + owners - 1) / owners;
        double crowding = machines.sharedCores() == 0 ? 1 : Math.max(1, (double) w / machines.sharedCores());

        double copying = (2 * crowding + 1) * work.stateBytes() / machines.copy();
        double received = work.stateBytes() - (w <= owners ? chunk * work.chunks() / owners : 0);
        double sentByAnOwner = chunksEach * chunk * (w - 1);
        double fetching = overLink(Math.max(received, sentByAnOwner));
        double fanIn = overLink(Math.max(chunksEach * chunk * (w - 1), work.stateBytes() * (1 - 1.0 / w)));
        double driver = overLink(work.stateBytes());
        double averaging = w == 1 ? 0 : chunksEach * (chunk / Float.BYTES) * w * crowding / machines.averaging();
        double tasks = machines.task() * (w == 1 ? 1 : w + owners);

        double compute = work.steps() * work.step() * crowding;
        return new Seconds(
                compute,
                compute * work.spread() * expectedMaximum(w),
                copying + fetching + fanIn + driver,
                averaging,
                machines.fixed() + tasks);
    }

    private double overLink(double bytes) {
        return machines.sharedCores() == 0 ? bytes / machines.link() : 0;
    }

    /** Mean of the greatest of so many standard normal numbers: how far the slowest worker is behind. */
    static double expectedMaximum(int count) {
        if (count == 1) {
            return 0;
        }
        Random random = new Random(count);
        double sum = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            double greatest = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < count; i++) {
                greatest = Math.max(greatest, random.nextGaussian());
            }
            sum += greatest;
        }
        return sum / DRAWS;
    }
}
