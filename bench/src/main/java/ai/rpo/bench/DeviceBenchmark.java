package ai.rpo.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Measures one thing on a device and adds a line of JSON to a file: {@code RESULTS.jsonl WORK [key=value …]}. The work is
 * {@code machine}, {@code products}, {@code attention}, {@code curve}, {@code train} or {@code score}; {@code bench/gpu.sh}
 * runs them, each in a JVM of its own.
 */
public final class DeviceBenchmark {

    private DeviceBenchmark() {}

    public static void main(String[] args) throws IOException {
        BenchmarkOptions options = BenchmarkOptions.of(args, 2);
        ObjectNode result = new ObjectMapper().createObjectNode();
        result.put("work", args[1]);
        options.copyInto(result);
        switch (args[1]) {
            case "machine" -> DeviceRates.machine(options, result);
            case "products" -> DeviceRates.products(options, result);
            case "attention" -> DeviceRates.attention(options, result);
            case "curve" -> StoriesCurve.compare(options, result);
            case "train" -> DeviceSteps.train(options, result);
            case "score" -> DeviceSteps.score(options, result);
            default ->
                throw new IllegalArgumentException("Cannot measure " + args[1]
                        + ": there are machine, products, attention, curve, train and score. Name one of these.");
        }
        Files.writeString(Path.of(args[0]), result + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
