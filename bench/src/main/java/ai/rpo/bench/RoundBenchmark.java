package ai.rpo.bench;

import ai.rpo.core.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Times rounds of distributed training on one machine: {@code SHAPE WORKERS FREQUENCY ROUNDS PROMPT RESPONSE PAIRS [stock]}.
 * With {@code stock}, DL4J's own averaging master takes rounds of a network with as many parameters afterwards. Prints the
 * median round.
 */
public final class RoundBenchmark {

    private RoundBenchmark() {}

    public static void main(String[] args) throws IOException {
        Rounds rounds = new Rounds(
                Shape.valueOf(args[0].toUpperCase(Locale.ROOT)),
                Integer.parseInt(args[1]),
                Integer.parseInt(args[2]),
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4]),
                Integer.parseInt(args[5]),
                Integer.parseInt(args[6]));
        try (SparkSession spark = rounds.session()) {
            Memory memory = new Memory();
            Rounds.Median ours = rounds.train(spark, memory);
            print(
                    "%s %,d parameters, %d workers, %d steps a round: median of %d rounds %.3f s, of it compute %.3f, wait %.3f,"
                            + " transfer %.3f, averaging %.3f; not compute %.2f %%, without steps %.3f s; %.0f MB moved; %s",
                    rounds.shape(),
                    rounds.shape().parameters(),
                    rounds.workers(),
                    rounds.frequency(),
                    ours.rounds(),
                    ours.total(),
                    ours.compute(),
                    ours.waiting(),
                    ours.transfer(),
                    ours.averaging(),
                    100 * ours.overheadShare(),
                    ours.exchange(),
                    ours.bytesMoved() / 1e6,
                    memory);
            if (List.of(args).contains("stock")) {
                double stock = new StockRounds(rounds).median(JavaSparkContext.fromSparkContext(spark.sparkContext()));
                print("stock: median round %.3f s without steps, %.1f times ours", stock, stock / ours.exchange());
            }
        }
    }

    /** Heap and resident size, near the beginning and at the end. */
    private static final class Memory implements Progress {
        private final List<String> marks = new ArrayList<>();
        private long last;

        @Override
        public void update(String what, long done, long total) {
            boolean early = last * 10 < total && done * 10 >= total;
            boolean late = done == total && last < total;
            if (early || late) {
                System.gc();
                long heap = Runtime.getRuntime().totalMemory()
                        - Runtime.getRuntime().freeMemory();
                marks.add("step " + done + ": heap " + (heap >> 20) + " MB, resident " + residentMegabytes() + " MB");
            }
            last = done;
        }

        @Override
        public String toString() {
            return String.join("; ", marks);
        }

        private static long residentMegabytes() {
            try {
                return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                        .findFirst()
                        .orElse(0);
            } catch (IOException e) {
                return 0;
            }
        }
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
