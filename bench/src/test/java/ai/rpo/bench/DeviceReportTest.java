package ai.rpo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceReportTest {

    private static final String MACHINE =
            "{\"work\":\"machine\",\"device\":\"CUDA on a device\",\"memory_bytes\":80000000000,"
                    + "\"product_flops_bfloat16\":800e12,\"product_flops_float32\":50e12}";
    private static final String TRAIN =
            "{\"work\":\"train\",\"shape\":\"mite\",\"pairs\":\"2\",\"lora\":\"true\",\"layers\":3,"
                    + "\"of_layers\":4,\"seconds\":0.5,\"pairs_per_second\":4,\"tokens_per_second\":4096,"
                    + "\"flops_per_second\":200e12,\"exchange_share\":0.02}";
    private static final String PEER =
            "{\"work\":\"peer\",\"of\":\"train\",\"shape\":\"mite\",\"pairs\":\"2\",\"lora\":\"true\","
                    + "\"layers\":3,\"seconds\":1,\"pairs_per_second\":2}";

    private final ObjectMapper json = new ObjectMapper();

    @Test
    void aStepIsAShareOfALargeProductAndARatioToThePeers() throws JsonProcessingException {
        DeviceReport report = report(List.of(), MACHINE, TRAIN, PEER);
        JsonNode result = report.json(json.createObjectNode()).get("results").get(1);
        assertEquals(0.25, result.get("share_of_peak").asDouble());
        assertEquals(2, result.get("ratio_to_peer").asDouble());
        assertTrue(
                report.table()
                        .contains(
                                "| train mite 512+512, 2 pairs, lora | 3 of 4 | 0.500 s | 4.00 | 4096 | 25 % | ? / ? GB | 2.00 | 2.0 % |"),
                report.table());
    }

    /** Others blocks are other work. */
    @Test
    void aPeerWithMoreBlocksIsNoMeasure() throws JsonProcessingException {
        DeviceReport report = report(List.of(), MACHINE, TRAIN, PEER.replace("\"layers\":3", "\"layers\":4"));
        ObjectNode all = report.json(json.createObjectNode());
        assertTrue(all.get("results").get(1).path("ratio_to_peer").isMissingNode());
    }

    @Test
    void whatFailedIsNamed() throws JsonProcessingException {
        List<String> tests = List.of(
                "JUnit Jupiter > SomeTest :: STARTED",
                "JUnit Jupiter > SomeTest > one() :: STARTED",
                "JUnit Jupiter > SomeTest > one() :: SUCCESSFUL",
                "JUnit Jupiter > SomeTest > other() :: STARTED",
                "JUnit Jupiter > SomeTest > other() :: FAILED",
                "\tat some.Line",
                "JUnit Jupiter > SomeTest :: SUCCESSFUL");
        DeviceReport report =
                report(tests, "{\"work\":\"none\",\"part\":\"score-7b\",\"failed\":\"it took longer than 30 s\"}");
        String table = report.table();
        assertTrue(table.contains("Tests on the device: 1 passed, 1 failed."), table);
        assertTrue(table.contains("- failed: JUnit Jupiter > SomeTest > other()"), table);
        assertTrue(table.contains("Not measured: score-7b: it took longer than 30 s"), table);
    }

    private DeviceReport report(List<String> tests, String... lines) throws JsonProcessingException {
        List<JsonNode> results = new ArrayList<>();
        for (String line : lines) {
            results.add(json.readTree(line));
        }
        return new DeviceReport(results, tests);
    }
}
