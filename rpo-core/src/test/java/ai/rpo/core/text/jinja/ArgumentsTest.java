package ai.rpo.core.text.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every filter, method, test and global of Jinja with its arguments, in turn. */
class ArgumentsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** A case fits if it renders the same, or fails where transformers does; what is not known is refused. */
    @Test
    void areHonouredOrRefused() throws IOException {
        JsonNode golden;
        try (InputStream in = new GZIPInputStream(ArgumentsTest.class.getResourceAsStream("arguments.json.gz"))) {
            golden = JSON.readTree(in);
        }
        Map<String, Object> variables = widened(JSON.readerForMapOf(Object.class)
                .readValue(golden.get("variables").toString()));
        List<String> wrong = new ArrayList<>();
        int cases = 0;
        for (JsonNode row : golden.get("cases")) {
            String template = row.get("template").asText();
            String wanted = row.has("rendered") ? row.get("rendered").asText() : "an error";
            String found = rendered(template, variables);
            if (!found.equals(wanted)) {
                wrong.add(template + " gives " + found + " and not " + wanted);
            }
            cases++;
        }
        assertEquals(List.of(), wrong);
        assertTrue(cases > 2000, cases + " cases");
    }

    private static String rendered(String template, Map<String, Object> variables) {
        try {
            return JinjaTemplate.parse(template, Clock.systemUTC()).render(variables);
        } catch (TemplateException e) {
            return "an error";
        }
    }

    /** Whole numbers as rows have them: 64 bits wide, or wider. */
    @SuppressWarnings("unchecked")
    private static <T> T widened(T value) {
        if (value instanceof Integer number) {
            return (T) Long.valueOf(number);
        }
        if (value instanceof Map<?, ?> map) {
            ((Map<Object, Object>) map).replaceAll((key, item) -> widened(item));
        } else if (value instanceof List<?> list) {
            ((List<Object>) list).replaceAll(ArgumentsTest::widened);
        }
        return value;
    }

    @Test
    void anArgumentThatIsNotKnownIsNamed() {
        assertEquals("the filter trim takes no argument width", refusal("{{ 'a' | trim(width=3) }}"));
        assertEquals("find takes no argument by name, but is given start", refusal("{{ 'a'.find('a', start=1) }}"));
        assertEquals(
                "the filter dictsort takes at most 3 arguments, but is given 4",
                refusal("{{ {} | dictsort(true, 'key', true, 1) }}"));
        assertEquals("the method format is not supported", refusal("{{ '{}'.format(1) }}"));
    }

    /** As Python computes and writes them; an error where it has one. */
    @ParameterizedTest
    @CsvSource({
        "18446744073709551616 / 3, 6.148914691236517e+18",
        "9007199254740993 / 3, 3002399751580331.0",
        "(10 ** 400) / (10 ** 399), 10.0",
        "(10 ** 400) / 7, an error",
        "10 ** 400 * 1.0, an error",
        "(10 ** 400) | float, an error",
        "10 ** 400 < 1e308 * 10, True",
        "-(10 ** 400) > -1e308 * 10, True",
        "10 ** 400 == 1e308 * 10, False",
        "10 ** 4299 > 1, True",
        "(10 ** 4299) | string | length, 4300",
        "10 ** 4300, an error",
        "[10 ** 4300] | tojson, an error",
        "(9 ~ '9' * 4300) | int(7), 7",
        "2.0 ** -44, 5.684341886080802e-14",
        "2.0 ** 63, 9.223372036854776e+18",
        "2.0 ** -1074, 5e-324",
        "2.0 ** -24, 5.960464477539063e-08",
        "9007199254740993.0, 9007199254740992.0",
        "'[1e23, 0.1, 1e16, 123456.789, 1e-5] | tojson', '[1e+23, 0.1, 1e+16, 123456.789, 1e-05]'",
    })
    void numbersAreThoseOfPython(String expression, String wanted) {
        assertEquals(wanted, rendered("{{ " + expression + " }}", Map.of()));
    }

    private static String refusal(String template) {
        return assertThrows(TemplateException.class, () -> JinjaTemplate.parse(template, Clock.systemUTC())
                        .render(Map.of()))
                .getMessage();
    }
}
