package ai.rpo.jobs.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A page that needs nothing beside itself: style and figures are inside, each figure in a light and a dark form, and a
 * content policy forbids it to fetch anything.
 */
final class Page {

    private static final String TEMPLATE = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <title>{}</title>
            <style>{}</style>
            </head>
            <body>
            <header><p class="kicker">Regularized Preference Optimization</p><h1>{}</h1><p class="lead">{}</p></header>
            <nav>{}</nav>
            <main>{}</main>
            <footer>{}</footer>
            </body>
            </html>
            """;

    private final String title;
    private final String lead;
    private final List<Html> sections = new ArrayList<>();
    private final List<Html> links = new ArrayList<>();
    private final Map<String, byte[]> pictures = new LinkedHashMap<>();

    Page(String title, String lead) {
        this.title = title;
        this.lead = lead;
    }

    /** Adds a section; one whose parts are all empty is left out. */
    void section(String id, String heading, Html... parts) {
        String content =
                String.join("", List.of(parts).stream().map(Html::markup).toList());
        if (!content.isEmpty()) {
            links.add(Html.of("<a href=\"#{}\">{}</a>", id, heading));
            sections.add(Html.of("<section id=\"{}\"><h2>{}</h2>{}</section>", id, heading, new Html(content)));
        }
    }

    /** Draws figures; ones without a point are left out. */
    Html figures(List<Figure> figures) {
        List<Html> drawn = figures.stream()
                .filter(figure -> !figure.isEmpty())
                .map(this::figure)
                .toList();
        return drawn.isEmpty() ? Html.EMPTY : Html.of("<div class=\"figures\">{}</div>", drawn);
    }

    private Html figure(Figure figure) {
        byte[] light = FigurePainter.png(figure, Theme.LIGHT);
        byte[] dark = FigurePainter.png(figure, Theme.DARK);
        pictures.put(figure.name() + ".png", light);
        return Html.of(
                """
                <figure id="{}"><h3>{}</h3><div class="scroll"><picture>\
                <source media="(prefers-color-scheme: dark)" srcset="{}">\
                <img src="{}" width="{}" height="{}" alt="{}"></picture></div><figcaption>{}</figcaption></figure>
                """,
                "figure-" + figure.name(),
                figure.title(),
                dataUri(dark),
                dataUri(light),
                FigurePainter.WIDTH,
                FigurePainter.HEIGHT,
                figure.description(),
                figure.caption());
    }

    private static String dataUri(byte[] png) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
    }

    /** The figures drawn so far, by file name, in their light form. */
    Map<String, byte[]> pictures() {
        return pictures;
    }

    String render(String footer) {
        return Html.of(TEMPLATE, title, stylesheet(), title, lead, links, sections, footer)
                .markup();
    }

    private static Html stylesheet() {
        try (InputStream in = Page.class.getResourceAsStream("report.css")) {
            return new Html(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
