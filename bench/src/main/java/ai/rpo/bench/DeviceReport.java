package ai.rpo.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Makes one JSON file and one table of what {@code bench/gpu.sh} has measured so far: {@code FOLDER}, which holds
 * {@code results.jsonl} and perhaps {@code tests.log}, what JUnit's console says test by test.
 */
public final class DeviceReport {

    private static final double GIGA = 1e9;
    private static final double TERA = 1e12;

    private final List<JsonNode> results;
    private final List<String> tests;

    DeviceReport(List<JsonNode> results, List<String> tests) {
        this.results = results;
        this.tests = tests;
    }

    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        ObjectMapper json = new ObjectMapper();
        List<JsonNode> results = new ArrayList<>();
        for (String line : lines(folder.resolve("results.jsonl"))) {
            results.add(json.readTree(line));
        }
        DeviceReport report = new DeviceReport(results, lines(folder.resolve("tests.log")));
        json.writerWithDefaultPrettyPrinter()
                .writeValue(folder.resolve("gpu.json").toFile(), report.json(json.createObjectNode()));
        Files.writeString(folder.resolve("gpu.md"), report.table());
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    /** Adds everything that was measured, and what follows from several results together. */
    ObjectNode json(ObjectNode into) {
        into.putObject("tests").put("passed", passed()).put("failed", failed().size());
        ArrayNode names = into.putArray("failed_tests");
        failed().forEach(names::add);
        ArrayNode all = into.putArray("results");
        for (JsonNode result : results) {
            ObjectNode copy = result.deepCopy();
            share(result).ifPresent(share -> copy.put("share_of_peak", share));
            peer(result).ifPresent(peer -> copy.put("ratio_to_peer", ratio(result, peer)));
            all.add(copy);
        }
        return into;
    }

    /** Lays the same out for people. */
    String table() {
        StringBuilder text = new StringBuilder();
        of("machine").findFirst().ifPresent(machine -> appendMachine(text, machine));
        if (!tests.isEmpty()) {
            text.append(String.format(
                    Locale.ROOT, "Tests on the device: %d passed, %d failed.%n", passed(), failed().size()));
            failed().forEach(test -> text.append("- failed: ").append(test).append('\n'));
        }
        of("curve")
                .forEach(curve -> text.append(String.format(
                        Locale.ROOT,
                        "Curve of stories260k, %s: %d of %d steps, losses within %.1e of PyTorch's, gradient norms within %.1e.%n",
                        curve.path("precision").asText("bfloat16"),
                        curve.path("steps").asInt(),
                        curve.path("of_steps").asInt(),
                        curve.path("largest_error_of_loss").asDouble(),
                        curve.path("largest_error_of_gradient_norm").asDouble())));
        of("products")
                .forEach(products -> text.append(String.format(
                        Locale.ROOT,
                        "Products of %s, %s rows: %.0f TFLOP/s%s.%n",
                        products.path("shape").asText(),
                        products.path("rows").asText("4096"),
                        products.path("flops_per_second").asDouble() / TERA,
                        percent(products)
                                .map(share -> ", " + share + " of a large one's")
                                .orElse(""))));
        of("attention")
                .forEach(attention -> text.append(String.format(
                        Locale.ROOT,
                        "Attention of %s, %s tokens: %.1f TFLOP/s forward, %.1f backward.%n",
                        attention.path("shape").asText(),
                        attention.path("tokens").asText("4096"),
                        attention.path("forward_flops_per_second").asDouble() / TERA,
                        attention.path("backward_flops_per_second").asDouble() / TERA)));
        text.append("\n| work | blocks | a step | pairs/s | tokens/s | MFU | memory, device / host | beside TRL |"
                + " a round's exchange |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
        results.stream().filter(result -> result.has("seconds")).forEach(result -> appendRow(text, result));
        results.stream().filter(result -> result.has("failed")).forEach(result -> text.append("\nNot measured: ")
                .append(result.path("part").asText())
                .append(": ")
                .append(result.path("failed").asText())
                .append("\n"));
        return text.toString();
    }

    private static void appendMachine(StringBuilder text, JsonNode machine) {
        text.append(String.format(
                Locale.ROOT,
                "%s, %.1f GB.%nOne large product: %.1f TFLOP/s in bfloat16, %.1f in float32."
                        + " Copies: %.1f GB/s to the device, %.1f from it.%n",
                machine.path("device").asText(),
                machine.path("memory_bytes").asDouble() / GIGA,
                machine.path("product_flops_bfloat16").asDouble() / TERA,
                machine.path("product_flops_float32").asDouble() / TERA,
                machine.path("bytes_per_second_to_device").asDouble() / GIGA,
                machine.path("bytes_per_second_from_device").asDouble() / GIGA));
    }

    private void appendRow(StringBuilder text, JsonNode result) {
        if (result.path("work").asText().equals("peer")) {
            return;
        }
        text.append(String.format(
                Locale.ROOT,
                "| %s | %d of %d | %.3f s | %.2f | %.0f | %s | %s / %s GB | %s | %s |%n",
                describe(result),
                result.path("layers").asInt(),
                result.path("of_layers").asInt(),
                result.path("seconds").asDouble(),
                result.path("pairs_per_second").asDouble(),
                result.path("tokens_per_second").asDouble(),
                percent(result).orElse(""),
                gigabytes(result, "device_memory_bytes"),
                gigabytes(result, "host_memory_bytes"),
                peer(result)
                        .map(peer -> String.format(Locale.ROOT, "%.2f", ratio(result, peer)))
                        .orElse(""),
                result.has("exchange_share")
                        ? String.format(
                                Locale.ROOT,
                                "%.1f %%",
                                100 * result.path("exchange_share").asDouble())
                        : ""));
    }

    private static String describe(JsonNode result) {
        StringBuilder text = new StringBuilder(result.path("work").asText());
        text.append(' ').append(result.path("shape").asText());
        text.append(' ').append(result.path("prompt").asText("512"));
        text.append('+').append(result.path("response").asText("512"));
        text.append(", ").append(result.path("pairs").asText("4")).append(" pairs");
        for (String option : List.of("lora", "recompute")) {
            text.append(result.path(option).asBoolean() ? ", " + option : "");
        }
        text.append(result.path("home").asText().equals("host") ? ", AdamW on the host" : "");
        text.append(result.path("precision").asText().equals("float32") ? ", float32" : "");
        return text.toString();
    }

    private Optional<String> percent(JsonNode result) {
        return share(result).map(share -> String.format(Locale.ROOT, "%.0f %%", 100 * share));
    }

    /** What share its operations a second are of those of one large product in the same precision. */
    private Optional<Double> share(JsonNode result) {
        String peak = "product_flops_" + result.path("precision").asText("bfloat16");
        return of("machine")
                .filter(machine -> machine.has(peak) && result.has("flops_per_second"))
                .map(machine -> result.path("flops_per_second").asDouble()
                        / machine.path(peak).asDouble())
                .findFirst();
    }

    /** TRL at the same work, with as many blocks. */
    private Optional<JsonNode> peer(JsonNode result) {
        return of("peer")
                .filter(peer -> peer.has("pairs_per_second")
                        && peer.path("of").equals(result.path("work"))
                        && List.of("shape", "prompt", "response", "pairs").stream()
                                .allMatch(key -> peer.path(key)
                                        .asText()
                                        .equals(result.path(key).asText()))
                        && peer.path("layers").asInt() == result.path("layers").asInt()
                        && peer.path("lora").asBoolean() == result.path("lora").asBoolean())
                .findFirst();
    }

    private static double ratio(JsonNode result, JsonNode peer) {
        return result.path("pairs_per_second").asDouble()
                / peer.path("pairs_per_second").asDouble();
    }

    private static String gigabytes(JsonNode result, String key) {
        return result.has(key)
                ? String.format(Locale.ROOT, "%.1f", result.path(key).asDouble() / GIGA)
                : "?";
    }

    private Stream<JsonNode> of(String work) {
        return results.stream().filter(result -> result.path("work").asText().equals(work));
    }

    private long passed() {
        return tests.stream().filter(line -> line.endsWith(":: SUCCESSFUL")).count();
    }

    private List<String> failed() {
        return tests.stream()
                .filter(line -> line.endsWith(":: FAILED"))
                .map(line -> line.substring(0, line.lastIndexOf(" :: ")))
                .toList();
    }
}
