package ai.rpo.spark.train;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;

/** A task that averages some chunks of the workers' states. */
final class ChunkAverage implements FlatMapFunction<Iterator<Integer>, ChunkAverage.Work> {

    private static final long serialVersionUID = 1L;

    /** Contributions that are held at once; more are taken in turn. */
    private static final int AT_ONCE = 8;

    private final List<Contribution> contributions;
    private final ChunkBlocks target;

    /**
     * @param contributions in the order of the workers, so that sums round alike whoever makes them
     * @param target where the means are left
     */
    ChunkAverage(List<Contribution> contributions, ChunkBlocks target) {
        this.contributions = List.copyOf(contributions);
        this.target = target;
    }

    /**
     * @param state of one worker
     * @param pairs that went into it
     */
    record Contribution(ChunkBlocks state, long pairs) implements Serializable {}

    /**
     * What one task did.
     *
     * @param transferSeconds time in which it fetched contributions and left means
     * @param seconds time in which it averaged
     */
    record Work(double transferSeconds, double seconds) implements Serializable {}

    @Override
    public Iterator<Work> call(Iterator<Integer> chunks) {
        long began = System.nanoTime();
        long averaging = 0;
        while (chunks.hasNext()) {
            int chunk = chunks.next();
            WeightedMean mean = new WeightedMean(
                    contributions.stream().mapToLong(Contribution::pairs).sum());
            for (int from = 0; from < contributions.size(); from += AT_ONCE) {
                addTogether(
                        contributions.subList(from, Math.min(from + AT_ONCE, contributions.size())),
                        chunk,
                        new ArrayList<>(),
                        mean);
            }
            target.put(chunk, mean.toBytes());
            averaging += mean.nanos();
        }
        double total = (System.nanoTime() - began) / 1e9;
        return List.of(new Work(total - averaging / 1e9, averaging / 1e9)).iterator();
    }

    private static void addTogether(
            List<Contribution> parts, int chunk, List<WeightedMean.Part> held, WeightedMean mean) {
        if (held.size() == parts.size()) {
            mean.add(held);
            return;
        }
        Contribution next = parts.get(held.size());
        next.state().read(chunk, bytes -> {
            held.add(new WeightedMean.Part(bytes, next.pairs()));
            addTogether(parts, chunk, held, mean);
        });
    }
}
