package ai.rpo.core.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PythonRandomTest {

    /** {@code random.json} holds what CPython draws; {@code make_random.py} beside it wrote it. */
    @TestFactory
    List<DynamicTest> drawsWhatCPythonDraws() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (InputStream golden = getClass().getResourceAsStream("/random/random.json")) {
            for (JsonNode given : new ObjectMapper().readTree(golden)) {
                tests.add(DynamicTest.dynamicTest("seed " + given.get("seed"), () -> check(given)));
            }
        }
        assertEquals(11, tests.size());
        return tests;
    }

    private static void check(JsonNode given) {
        JsonNode seed = given.get("seed");
        PythonRandom random =
                seed.isTextual() ? PythonRandom.seeded(seed.textValue()) : PythonRandom.seeded(seed.longValue());
        given.get("bits").forEach(bits -> assertEquals(bits.longValue(), random.bits(32)));
        given.get("random").forEach(drawn -> assertEquals(drawn.doubleValue(), random.random()));
        int[] bounds = {1, 2, 3, 4, 5, 1000, Integer.MAX_VALUE};
        assertArrayEquals(
                ints(given.get("randrange")),
                IntStream.of(bounds).map(random::below).toArray());
        given.get("randint").forEach(drawn -> assertEquals(drawn.intValue(), random.between(0, 1)));
        given.get("choices").forEach(drawn -> assertEquals(drawn.intValue(), random.choice(7)));
        for (JsonNode sample : given.get("samples")) {
            assertArrayEquals(
                    ints(sample.get("drawn")),
                    random.sample(sample.get("n").intValue(), sample.get("k").intValue()));
        }
        List<Integer> list = new ArrayList<>(IntStream.range(0, 20).boxed().toList());
        random.shuffle(list);
        assertArrayEquals(
                ints(given.get("shuffled")), list.stream().mapToInt(i -> i).toArray());
    }

    private static int[] ints(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }

    @Test
    void cannotDrawFromNothing() {
        PythonRandom random = PythonRandom.seeded(1);
        assertThrows(IllegalArgumentException.class, () -> random.below(0));
        assertThrows(IllegalArgumentException.class, () -> random.sample(3, 4));
        assertThrows(IllegalArgumentException.class, () -> random.bits(33));
    }
}
