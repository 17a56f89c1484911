package ai.rpo.spark.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Says where the time of a round went. A worker's seconds add up from its own clock, so clocks need not agree.
 *
 * @param total wall-clock seconds on the driver
 * @param compute seconds of optimizer steps, mean of the workers
 * @param waiting seconds that the mean worker waits for the slowest
 * @param transfer seconds in which the state moves: the slowest worker's, the slowest averaging task's and the driver's
 * @param averaging seconds of arithmetic of the slowest averaging task
 * @param bytesMoved bytes of state that workers, averaging tasks and driver fetched, over the network or within a JVM
 * @param stragglers workers that computed more than half as long again as the median
 */
record RoundTimes(
        double total,
        double compute,
        double waiting,
        double transfer,
        double averaging,
        long bytesMoved,
        List<Integer> stragglers) {

    private static final double STRAGGLING = 1.5;

    /** @param driverTransfer seconds in which the driver published or fetched the state */
    static RoundTimes of(
            double total,
            List<WorkerReport> reports,
            List<ChunkAverage.Work> averaging,
            double driverTransfer,
            long bytesMoved) {
        List<WorkerReport> busy =
                reports.stream().filter(r -> !r.steps().isEmpty()).toList();
        double mean = busy.stream()
                .mapToDouble(WorkerReport::computeSeconds)
                .average()
                .orElse(0);
        double slowest =
                busy.stream().mapToDouble(WorkerReport::computeSeconds).max().orElse(0);
        double transfer = driverTransfer
                + busy.stream().mapToDouble(WorkerReport::transferSeconds).max().orElse(0)
                + averaging.stream()
                        .mapToDouble(ChunkAverage.Work::transferSeconds)
                        .max()
                        .orElse(0);
        double[] sorted =
                busy.stream().mapToDouble(WorkerReport::computeSeconds).sorted().toArray();
        double median = sorted.length == 0 ? 0 : sorted[(sorted.length - 1) / 2];
        return new RoundTimes(
                total,
                mean,
                slowest - mean,
                transfer,
                averaging.stream().mapToDouble(ChunkAverage.Work::seconds).max().orElse(0),
                bytesMoved,
                busy.stream()
                        .filter(r -> r.computeSeconds() > STRAGGLING * median)
                        .map(WorkerReport::worker)
                        .toList());
    }

    /** Share of the round in which the mean worker did not compute. */
    double overheadShare() {
        return total > 0 ? 1 - compute / total : 0;
    }

    /** Gives the times as in {@code metrics.jsonl}, on the line of the round's last step. */
    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("round/seconds", total);
        map.put("round/compute_seconds", compute);
        map.put("round/wait_seconds", waiting);
        map.put("round/transfer_seconds", transfer);
        map.put("round/averaging_seconds", averaging);
        map.put("round/overhead_share", overheadShare());
        map.put("round/bytes_moved", bytesMoved);
        map.put("round/stragglers", stragglers.size());
        return map;
    }
}
