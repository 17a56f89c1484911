package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.tensor.Storage;
import ai.rpo.spark.runtime.ExecutorRuntime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Networks of workers that share the driver's JVM, one for each; the first is the driver's own. */
final class NearNetworks implements AutoCloseable {

    /** Numbers averaged at once, few enough to stay in a core's cache. */
    private static final int WINDOW = 1 << 13;

    private final TrainingRole role;
    private final List<PolicyNetwork> networks = new ArrayList<>();

    /**
     * Makes the networks, and lodges them where tasks of this JVM find them.
     *
     * @param workers how many
     */
    NearNetworks(TrainingRole role, int workers) {
        this.role = role;
        ExecutorRuntime runtime = ExecutorRuntime.ofThisJvm();
        runtime.preferBackend();
        for (int worker = 0; worker < workers; worker++) {
            PolicyNetwork network = role.worker(runtime.weights());
            networks.add(network);
            runtime.lodge(new LodgedRole(role, worker), network);
        }
    }

    PolicyNetwork first() {
        return networks.get(0);
    }

    /** Gives all the state of the first. */
    void spread() {
        if (networks.size() > 1) {
            average(new double[] {1});
        }
    }

    /**
     * Gives all the mean of their states, weighted by the pairs that each has seen; a lone one keeps its own.
     *
     * @param reports in the order of the workers
     * @return seconds it took
     */
    double average(List<WorkerReport> reports) {
        if (networks.size() == 1) {
            return 0;
        }
        long began = System.nanoTime();
        double pairs = reports.stream().mapToLong(WorkerReport::pairs).sum();
        average(reports.stream().mapToDouble(report -> report.pairs() / pairs).toArray());
        return (System.nanoTime() - began) / 1e9;
    }

    /** @param weights of the first networks; those of others are 0 */
    private void average(double[] weights) {
        average(networks.stream().map(network -> network.state().parameters()).toList(), weights);
        average(
                networks.stream()
                        .flatMap(network -> network.state().moments().stream())
                        .toList(),
                weights);
    }

    private static void average(List<Storage> storages, double[] weights) {
        long size = storages.isEmpty() ? 0 : storages.get(0).size();
        LongStream.range(0, (size + ChunkLayout.CHUNK - 1) / ChunkLayout.CHUNK)
                .parallel()
                .forEach(chunk -> average(
                        storages, weights, chunk * ChunkLayout.CHUNK, Math.min(size, (chunk + 1) * ChunkLayout.CHUNK)));
    }

    private static void average(List<Storage> storages, double[] weights, long from, long to) {
        double[] sums = new double[WINDOW];
        float[] values = new float[WINDOW];
        for (long offset = from; offset < to; offset += WINDOW) {
            long at = offset;
            int count = (int) Math.min(WINDOW, to - offset);
            Arrays.fill(sums, 0);
            for (int worker = 0; worker < weights.length; worker++) {
                if (weights[worker] > 0) {
                    storages.get(worker).read(at, values, 0, count);
                    WeightedMean.addWeighted(sums, values, count, weights[worker]);
                }
            }
            WeightedMean.round(sums, values, count);
            storages.forEach(storage -> storage.write(at, values, 0, count));
        }
    }

    /** Takes the networks out of the tasks' way, and gives their memory back. */
    @Override
    public void close() {
        evict();
        networks.forEach(PolicyNetwork::close);
    }

    /** Only takes them out of the way: a task that does not end may still be at work on them. */
    void evict() {
        for (int worker = 0; worker < networks.size(); worker++) {
            ExecutorRuntime.ofThisJvm().evict(new LodgedRole(role, worker));
        }
    }
}
