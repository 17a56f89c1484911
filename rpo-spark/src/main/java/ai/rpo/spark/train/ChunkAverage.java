package ai.rpo.spark.train;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.storage.BlockManagerId;

/** A task that averages some chunks of the workers' states. */
final class ChunkAverage implements FlatMapFunction<Iterator<Integer>, ChunkAverage.Means> {

    private static final long serialVersionUID = 1L;

    /** Contributions that are held at once; more are taken in turn. */
    private static final int AT_ONCE = 8;

    private final List<Contribution> contributions;
    private final ChunkLayout layout;
    private final PlacedChunks start;
    private final OuterStep outer;
    private final ChunkBlocks target;

    /**
     * @param contributions in the order of the workers, so that sums round alike whoever makes them
     * @param start the state that the workers began with
     * @param outer what is done with means of parameters
     * @param target where the next state is left
     */
    ChunkAverage(
            List<Contribution> contributions,
            ChunkLayout layout,
            PlacedChunks start,
            Optional<OuterStep> outer,
            ChunkBlocks target) {
        this.contributions = List.copyOf(contributions);
        this.layout = layout;
        this.start = start;
        this.outer = outer.orElse(null);
        this.target = target;
    }

    /**
     * @param state of one worker
     * @param pairs that went into it
     */
    record Contribution(PlacedChunks state, long pairs) implements Serializable {}

    /**
     * Says what one task did.
     *
     * @param transferSeconds time in which it fetched contributions and left means
     * @param seconds time in which it averaged
     */
    record Work(double transferSeconds, double seconds) implements Serializable {}

    /**
     * Says what one task leaves, and where.
     *
     * @param holder the JVM that has these chunks of the next state
     */
    record Means(Work work, BlockManagerId holder, List<Integer> chunks) implements Serializable {}

    @Override
    public Iterator<Means> call(Iterator<Integer> chunks) {
        long began = System.nanoTime();
        long averaging = 0;
        List<Integer> left = new ArrayList<>();
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
            averaging += mean.nanos();
            left.add(chunk);
            if (outer != null && layout.isParameters(chunk)) {
                averaging += putStepped(chunk, mean.toBytes());
                left.add(layout.velocityOf(chunk));
            } else {
                target.put(chunk, mean.toBytes());
            }
        }
        double total = (System.nanoTime() - began) / 1e9;
        Work work = new Work(total - averaging / 1e9, averaging / 1e9);
        return List.of(new Means(work, PlacedChunks.thisJvm(), left)).iterator();
    }

    private long putStepped(int chunk, ByteBuffer mean) {
        int velocity = layout.velocityOf(chunk);
        AtomicLong nanos = new AtomicLong();
        start.read(
                chunk,
                before -> start.read(velocity, speed -> {
                    long began = System.nanoTime();
                    ByteBuffer next = outer.apply(mean, before, speed);
                    nanos.set(System.nanoTime() - began);
                    target.put(velocity, next);
                }));
        target.put(chunk, mean);
        return nanos.get();
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
