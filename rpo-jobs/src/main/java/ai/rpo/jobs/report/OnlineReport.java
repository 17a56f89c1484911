package ai.rpo.jobs.report;

import ai.rpo.core.gauge.Overoptimization.Form;
import ai.rpo.core.gauge.Overoptimization.Interval;
import ai.rpo.jobs.report.Track.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The page of the online demo: proxy and gold reward of policies that were aligned in several ways. */
final class OnlineReport {

    private OnlineReport() {}

    static Page of(OnlineComparison comparison, List<Finding> findings) {
        Page page = new Page(comparison.title(), comparison.lead());
        OnlineFigures figures = new OnlineFigures(comparison);
        page.section("findings", "Findings", Finding.list(findings));
        page.section("overoptimization", "Proxy and gold", page.figures(figures.overoptimization()));
        page.section("numbers", "Numbers", numbers(comparison));
        page.section("fits", "Gao's forms", page.figures(List.of(figures.fits())), fits(comparison));
        page.section("training", "Over training", page.figures(figures.training()));
        page.section(
                "setup",
                "Set-up",
                Html.of(
                        "{}",
                        comparison.setup().stream()
                                .map(text -> Html.of("<p>{}</p>", text))
                                .toList()));
        return page;
    }

    private static Html numbers(OnlineComparison comparison) {
        List<Html> rows = new ArrayList<>();
        for (Method method : Method.values()) {
            List<Track> tracks = comparison.of(method);
            rows.add(Html.of(
                    """
                    <tr><th scope="row">{}</th><td class="number">{}</td><td class="number">{}</td>\
                    <td class="number">{}</td><td class="number">{}</td><td class="number">{}</td></tr>
                    """,
                    method.title(),
                    atEnd(tracks, Mark::gold),
                    Numbers.estimate(Estimate.ofSeeds(tracks.stream()
                            .map(track -> track.marks().stream()
                                    .mapToDouble(Mark::gold)
                                    .max()
                                    .orElseThrow())
                            .toList())),
                    atEnd(tracks, Mark::proxy),
                    atEnd(tracks, Mark::gap),
                    atEnd(tracks, Mark::distance)));
        }
        return Html.of("""
                <p class="note">Mean over seeds [95 % interval, Student's t over seeds]. The best mark is each seed's own, chosen \
                after the fact, so it flatters.</p>\
                <div class="scroll"><table><thead><tr><th scope="col">method</th><th scope="col" class="number">gold at the end</th>\
                <th scope="col" class="number">gold at its best mark</th><th scope="col" class="number">proxy at the end</th>\
                <th scope="col" class="number">proxy − gold</th><th scope="col" class="number">√KL</th></tr></thead>\
                <tbody>{}</tbody></table></div>
                """, rows);
    }

    private static String atEnd(List<Track> tracks, ToDoubleFunction<Mark> value) {
        return Numbers.estimate(Estimate.ofSeeds(
                tracks.stream().map(track -> value.applyAsDouble(track.end())).toList()));
    }

    private static Html fits(OnlineComparison comparison) {
        List<Html> rows = new ArrayList<>();
        for (Method method : Method.values()) {
            for (Form form : Form.values()) {
                GoldFit.of(form, comparison.of(method))
                        .ifPresent(fit -> rows.add(Html.of(
                                """
                                <tr><th scope="row">{}</th><td>{}</td><td class="number">{}</td><td class="number">{}</td>\
                                <td class="number">{}</td><td class="number">{}</td></tr>
                                """,
                                method.title(),
                                fit.form(),
                                Numbers.format(fit.fit().alpha()),
                                Numbers.format(fit.fit().beta()),
                                turn(fit),
                                Numbers.format(fit.error()))));
            }
        }
        return rows.isEmpty() ? Html.EMPTY : Html.of("""
                <p class="note">d is √KL. The turn has its 95 % interval by Fieller's theorem; it takes marks for independent, which \
                those of one run are not.</p>\
                <div class="scroll"><table><thead><tr><th scope="col">method</th><th scope="col">form</th>\
                <th scope="col" class="number">α</th><th scope="col" class="number">β</th>\
                <th scope="col" class="number">turns at d</th><th scope="col" class="number">leaves</th></tr></thead>\
                <tbody>{}</tbody></table></div>
                """, rows);
    }

    private static String turn(GoldFit fit) {
        if (fit.fit().peak().isEmpty()) {
            return "nowhere";
        }
        Interval peak = fit.fit().peakInterval();
        return Numbers.estimate(new Estimate(peak.value(), peak.low(), peak.high()));
    }
}
