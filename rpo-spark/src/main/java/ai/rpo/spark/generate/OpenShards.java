package ai.rpo.spark.generate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/** The shards of a job that no earlier run of it has finished. */
public final class OpenShards {

    private final Shards shards;
    private final BitSet finished;
    private final List<Integer> open = new ArrayList<>();

    /**
     * @param results folder in which a shard's file shows that it is finished
     */
    public OpenShards(Shards shards, Path results, Configuration hadoop) {
        this.shards = shards;
        finished = shards.finished(results, hadoop);
        for (int shard = finished.nextClearBit(0); shard < shards.count(); shard = finished.nextClearBit(shard + 1)) {
            open.add(shard);
        }
    }

    /** The place of a row among all. */
    @FunctionalInterface
    public interface Ordinal<T> extends Serializable {
        long of(T row);
    }

    /** Works on the rows of a shard, whose order is not told. */
    @FunctionalInterface
    public interface Work<T> extends Serializable {
        void run(int shard, List<T> rows);
    }

    public int count() {
        return open.size();
    }

    /** Rows in them. */
    public long rows() {
        return open.stream()
                .mapToLong(
                        shard -> Math.min(shards.promptsEach(), shards.prompts() - (long) shard * shards.promptsEach()))
                .sum();
    }

    /** Works on each of them in a task of its own. */
    public <T> void forEach(JavaRDD<T> rows, Ordinal<T> ordinal, Work<T> work) {
        if (open.isEmpty()) {
            return;
        }
        Shards all = shards;
        BitSet done = finished;
        rows.mapToPair(row -> new Tuple2<>(all.of(ordinal.of(row)), row))
                .filter(row -> !done.get(row._1()))
                .partitionBy(new ByShard(open))
                .foreachPartition(partition -> {
                    List<T> ours = new ArrayList<>();
                    int shard = -1;
                    while (partition.hasNext()) {
                        Tuple2<Integer, T> row = partition.next();
                        shard = row._1();
                        ours.add(row._2());
                    }
                    if (shard >= 0) {
                        work.run(shard, ours);
                    }
                });
    }

    /** A partition for each shard that is to be made. */
    private static final class ByShard extends Partitioner {

        private static final long serialVersionUID = 1L;

        private final List<Integer> shards;
        private final Map<Integer, Integer> places = new TreeMap<>();

        ByShard(List<Integer> shards) {
            this.shards = List.copyOf(shards);
            for (int i = 0; i < shards.size(); i++) {
                places.put(shards.get(i), i);
            }
        }

        @Override
        public int numPartitions() {
            return shards.size();
        }

        @Override
        public int getPartition(Object shard) {
            return places.get((Integer) shard);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ByShard by && by.shards.equals(shards);
        }

        @Override
        public int hashCode() {
            return shards.hashCode();
        }
    }
}
