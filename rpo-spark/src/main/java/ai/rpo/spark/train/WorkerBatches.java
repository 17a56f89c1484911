package ai.rpo.spark.train;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.train.BatchOrder;
import ai.rpo.core.train.BatchOrder.Place;
import ai.rpo.core.train.TrainSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/** Deals an epoch's examples to the workers: partition w holds worker w's optimizer batches in order. */
final class WorkerBatches {

    private WorkerBatches() {}

    /**
     * @param indexed examples with their place in the data set, 0 to pairs − 1
     * @param epoch from 0
     */
    static JavaRDD<List<TrainingExample>> of(
            JavaPairRDD<TrainingExample, Long> indexed, long pairs, TrainSettings settings, int epoch) {
        BatchOrder order = new BatchOrder(pairs, settings, epoch);
        return indexed.mapToPair(row -> new Tuple2<>(order.place(row._2()), row._1()))
                .repartitionAndSortWithinPartitions(new ByWorker(settings.workers()), new ByStep())
                .mapPartitions(Batches::new);
    }

    private static final class ByWorker extends Partitioner {
        private static final long serialVersionUID = 1L;
        private final int workers;

        private ByWorker(int workers) {
            this.workers = workers;
        }

        @Override
        public int numPartitions() {
            return workers;
        }

        @Override
        public int getPartition(Object key) {
            return ((Place) key).worker();
        }
    }

    private static final class ByStep implements Comparator<Place>, Serializable {
        private static final long serialVersionUID = 1L;

        @Override
        public int compare(Place a, Place b) {
            int byStep = Long.compare(a.step(), b.step());
            return byStep != 0 ? byStep : Integer.compare(a.slot(), b.slot());
        }
    }

    /** Joins neighbours of the same step. */
    private static final class Batches implements Iterator<List<TrainingExample>> {
        private final Iterator<Tuple2<Place, TrainingExample>> rows;
        private Tuple2<Place, TrainingExample> next;

        private Batches(Iterator<Tuple2<Place, TrainingExample>> rows) {
            this.rows = rows;
            advance();
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public List<TrainingExample> next() {
            if (next == null) {
                throw new NoSuchElementException();
            }
            long step = next._1().step();
            List<TrainingExample> batch = new ArrayList<>();
            while (next != null && next._1().step() == step) {
                batch.add(next._2());
                advance();
            }
            return batch;
        }

        private void advance() {
            next = rows.hasNext() ? rows.next() : null;
        }
    }
}
