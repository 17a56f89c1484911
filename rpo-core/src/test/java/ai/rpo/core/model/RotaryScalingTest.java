package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RotaryScalingTest {

    /** {@code rotary.json} holds what transformers computes; {@code make_rotary.py} beside it wrote it. */
    @TestFactory
    List<DynamicTest> frequenciesAreThoseOfTransformers() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (InputStream golden = getClass().getResourceAsStream("/model/rotary.json")) {
            for (JsonNode given : new ObjectMapper().readTree(golden)) {
                tests.add(DynamicTest.dynamicTest(given.get("name").asText(), () -> check(given)));
            }
        }
        assertEquals(25, tests.size());
        return tests;
    }

    private static void check(JsonNode given) {
        RotaryFrequencies rotary = ModelConfigParser.parse(given.get("config").toString(), "config.json")
                .rotary(0);
        assertArrayEquals(numbers(given.get("inverse")), rotary.inverse(), 1e-14);
        assertEquals(given.get("attention_factor").doubleValue(), rotary.attentionFactor(), 1e-14);
        assertEquals(given.has("long_inverse"), rotary.dependOnLength());
        if (rotary.dependOnLength()) {
            assertArrayEquals(numbers(given.get("long_inverse")), rotary.longInverse(), 1e-14);
            assertEquals(given.get("long_beyond").intValue(), rotary.longBeyond());
        }
    }

    private static double[] numbers(JsonNode list) {
        double[] numbers = new double[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = list.get(i).doubleValue();
        }
        return numbers;
    }

    @Test
    void dynamicIsRefusedByName() {
        assertRefused("\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}", "rope_scaling", "dynamic");
    }

    @Test
    void unknownTypeIsRefusedByName() {
        assertRefused("\"rope_parameters\": {\"rope_type\": \"mrope\"}", "rope_parameters", "\"mrope\"", "linear");
    }

    @Test
    void missingFactorIsNamed() {
        assertRefused("\"rope_scaling\": {\"type\": \"linear\"}", "rope_scaling.factor is missing");
    }

    @Test
    void partialRotationIsRefused() {
        assertRefused("\"partial_rotary_factor\": 0.5", "partial_rotary_factor is 0.5");
        assertRefused("\"rope_parameters\": {\"partial_rotary_factor\": 0.5}", "rope_parameters.partial_rotary_factor");
    }

    @Test
    void longRopeNeedsAFactorForEachFrequency() {
        assertRefused(
                "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1, 2], \"long_factor\": [1, 2]}",
                "rope_scaling.short_factor is [1,2]",
                "64 numbers");
    }

    @Test
    void factorMustBePositive() {
        assertRefused("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 0}", "rope_scaling.factor is 0");
        assertRefused("\"rope_scaling\": {\"type\": \"linear\", \"factor\": \"2\"}", "rope_scaling.factor is \"2\"");
    }

    private static void assertRefused(String keys, String... named) {
        RpoException e = assertThrows(
                RpoException.class,
                () -> ModelConfigParser.parse("{\"model_type\": \"llama\", " + keys + "}", "config.json"));
        for (String name : named) {
            assertTrue(e.getMessage().contains(name), e.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "llama; \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2, \"magic\": 3}; rope_scaling.magic is 3",
                "llama; \"rope_parameters\": {\"rope_type\": \"default\", \"mrope_section\": [1, 1]}; rope_parameters.mrope_section",
                "gemma3_text; \"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\", \"base\": 3}};"
                        + " rope_parameters.full_attention.base is 3"
            })
    void keysThatNoTypeHasAreRefusedByName(String family, String keys, String named) {
        RpoException e = assertThrows(
                RpoException.class,
                () -> ModelConfigParser.parse("{\"model_type\": \"" + family + "\", " + keys + "}", "config.json"));
        assertTrue(e.getMessage().startsWith("Cannot use config.json: " + named), e.getMessage());
    }

    /** transformers warns of these, and so does a note. */
    @Test
    void keysOfOtherTypesSayNothing() {
        ModelConfigParser.parse(
                "{\"model_type\": \"llama\", \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2, \"beta_fast\": 3,"
                        + " \"finetuned\": true, \"low_freq_factor\": null}}",
                "config.json");
    }
}
