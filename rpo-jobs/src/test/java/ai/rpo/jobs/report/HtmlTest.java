package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class HtmlTest {

    @Test
    void escapesWhatCouldOpenATagAnEntityOrAnAttribute() {
        assertEquals(
                "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;",
                Html.text("<script>alert(\"x\" & 'y')</script>").markup());
    }

    @Test
    void replacesControlsBidirectionalOverridesAndLoneSurrogates() {
        assertEquals(
                "a\uFFFDb\uFFFDc\uFFFDd\n\t😀",
                Html.text("a\u001bb\u202ec\ud800d\n\t😀").markup());
    }

    @Test
    void doesNotExpandPlaceholdersInsideValues() {
        assertEquals(
                "<p>{}</p><p>second</p>",
                Html.of("<p>{}</p><p>{}</p>", "{}", "second").markup());
    }

    @Test
    void keepsMarkupAndEscapesTextInsideCollections() {
        assertEquals(
                "<b>x</b>&lt;i&gt;",
                Html.of("{}", List.of(Html.of("<b>{}</b>", "x"), "<i>")).markup());
    }

    @Test
    void refusesATemplateThatDoesNotFitItsValues() {
        assertThrows(IllegalArgumentException.class, () -> Html.of("{} {}", "one"));
        assertThrows(IllegalArgumentException.class, () -> Html.of("{}", "one", "two"));
    }
}
