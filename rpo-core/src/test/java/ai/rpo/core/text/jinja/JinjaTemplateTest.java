package ai.rpo.core.text.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class JinjaTemplateTest {

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2024-07-06T15:04:05Z"), ZoneOffset.UTC);

    @TestFactory
    Stream<DynamicTest> rendersAsTransformersDoes() throws IOException {
        JsonNode golden;
        try (InputStream in = JinjaTemplateTest.class.getResourceAsStream("templates.json")) {
            golden = JSON.readTree(in);
        }
        Map<?, ?> variables = JSON.convertValue(golden.get("variables"), Map.class);
        return StreamSupport.stream(golden.get("cases").spliterator(), false)
                .map(row -> DynamicTest.dynamicTest(row.get("template").asText(), () -> {
                    String template = row.get("template").asText();
                    if (row.has("error")) {
                        assertThrows(TemplateException.class, () -> render(template, variables));
                    } else {
                        assertEquals(row.get("rendered").asText(), render(template, variables));
                    }
                }));
    }

    @Test
    void tellsTheTimeAsPythonDoes() {
        assertEquals(
                "06 Jul 2024, Saturday 2024-07-06 15:04:05 PM 6%",
                render("{{ strftime_now('%d %b %Y, %A %Y-%m-%d %H:%M:%S %p %-d%%') }}", Map.of()));
    }

    @Test
    void errorsNameTheLine() {
        TemplateException e =
                assertThrows(TemplateException.class, () -> JinjaTemplate.parse("a\nb\n{{ x | frobnicate }}", CLOCK));
        assertEquals("the filter frobnicate is not known (line 3 of the template)", e.getMessage());
        assertEquals(
                "stop",
                assertThrows(TemplateException.class, () -> render("{{ raise_exception('stop') }}", Map.of()))
                        .getMessage());
    }

    @Test
    void aTemplateCannotRunAwayWithTheStack() {
        String endless = "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}";
        assertTrue(assertThrows(TemplateException.class, () -> render(endless, Map.of()))
                .getMessage()
                .contains("nested too deeply"));
        List<Object> self = new ArrayList<>();
        self.add(self);
        assertThrows(TemplateException.class, () -> render("{{ x | tojson }}", Map.of("x", self)));
    }

    @Test
    void anyFailureIsTheTemplatesOwn() {
        TemplateException e = assertThrows(
                TemplateException.class,
                () -> render("{{ [{}] | map(attribute='99999999999999999999') | list }}", Map.of()));
        assertTrue(e.getMessage().startsWith("it cannot be evaluated ("), e.getMessage());
        assertThrows(TemplateException.class, () -> JinjaTemplate.parse("{{ " + "(".repeat(1_000_000) + " }}", CLOCK));
    }

    /** One is thrown for each row that a template refuses. */
    @Test
    void refusalsAreCheap() {
        assertEquals(0, new TemplateException("no").getStackTrace().length);
    }

    @Test
    void writesNumbersTheSameInAnyLocale() {
        Locale usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG"));
        try {
            assertEquals(
                    "1e+20 ['\\x01'] \"\\u0001\"",
                    render("{{ 1e20 }} {{ [x] }} {{ x | tojson }}", Map.of("x", "\u0001")));
        } finally {
            Locale.setDefault(usual);
        }
    }

    /** Where each line is looked for from the template's beginning, this takes minutes. */
    @Test
    void parsesLongTemplatesInProportion() {
        String template = "{{ x }}\n".repeat(200_000) + "{{ x | frobnicate }}";
        String why = assertTimeoutPreemptively(Duration.ofSeconds(40), () -> assertThrows(
                        TemplateException.class, () -> JinjaTemplate.parse(template, CLOCK))
                .getMessage());
        assertEquals("the filter frobnicate is not known (line 200001 of the template)", why);
    }

    @SuppressWarnings("unchecked")
    private static String render(String template, Map<?, ?> variables) {
        return JinjaTemplate.parse(template, CLOCK).render((Map<String, ?>) variables);
    }
}
