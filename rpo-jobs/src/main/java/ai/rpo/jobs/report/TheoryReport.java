package ai.rpo.jobs.report;

import ai.rpo.core.theory.ConstrainedProblem.Priced;
import ai.rpo.core.theory.experiment.Constraint;
import ai.rpo.core.theory.experiment.EnsembleGame;
import ai.rpo.core.theory.experiment.EnsembleSelection.World;
import ai.rpo.core.theory.experiment.Equivalence;
import ai.rpo.core.theory.experiment.KlEstimators;
import ai.rpo.core.theory.experiment.OnlineLearning;
import ai.rpo.core.theory.experiment.RareAction;
import ai.rpo.core.theory.experiment.ShrinkingGap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;

/** The page that argues the paper's theory with numbers. */
final class TheoryReport {

    private static final DoubleFunction<String> SIX = value -> String.format(Locale.ROOT, "%.6f", value);

    private final TheoryResults results;
    private final TheoryFindings findings;
    private final TheoryFigures figures;
    private final Page page = new Page(
            "The theory, computed",
            "Algorithm 1 of arXiv 2405.16436, its theorems and its counter-examples, in worlds small enough to solve exactly");

    private TheoryReport(TheoryResults results) {
        this.results = results;
        this.findings = new TheoryFindings(results);
        this.figures = new TheoryFigures(results);
    }

    static Page of(TheoryResults results) {
        TheoryReport report = new TheoryReport(results);
        report.game();
        report.overoptimization();
        report.guarantee();
        report.beyond();
        return report.page;
    }

    private void game() {
        page.section("short", "In short", cards(), tally());
        page.section(
                "game",
                "1. The game",
                prose(
                        "Preference data never say what the true reward is, only which rewards are likely. Algorithm 1 therefore"
                                + " plays a game: the policy π maximises, and the reward r minimises,"),
                formula("φ(π, r) = η·E[ r(x, a¹) − r(x, a⁰) − β·KL(π‖π_ref) ] + L_D(r)        a¹ ~ π,  a⁰ ~ π_base"),
                prose("A reward may make the policy look bad, but pays for it with a worse fit L_D to the data. If the"
                        + " rewards form a convex class, the order of the players does not matter, and the policy is that of"
                        + " one reward: that is what turns an adversarial game into a loss with a supervised term. Here are two prompts of"
                        + " four actions, 129 comparisons, rewards between 0 and 2, η = β = 0.1."),
                policies(),
                Finding.list(findings.equivalence()));
    }

    private void overoptimization() {
        page.section(
                "figure-1",
                "2. Overoptimization",
                prose(
                        "Three actions of true reward 1, ½ and 0. In a hundred comparisons a beats b 62 times and loses 37; the"
                                + " worst action, c, was compared once and won. The likeliest reward makes c the best."),
                page.figures(figures.collapse()),
                Finding.list(findings.collapse()));
        page.section(
                "kl",
                "3. KL alone",
                prose(
                        "No weight of the KL term repairs this: it keeps the policy near the reference, and does not know what the data cover. Two worlds show"
                                + " the difference: more and more comparisons with a single one of the worst action, and a linear reward that"
                                + " extrapolates to an action without any."),
                page.figures(List.of(figures.gapByPairs(), figures.extrapolation(), figures.klAlone())),
                Finding.list(findings.kl()));
    }

    private void guarantee() {
        page.section(
                "rate",
                "4. The guarantee",
                prose(
                        "With η = (1 + e^R)⁻²·√(24·log(N_ε/δ)/N) and β = 1/√N, theorem 5.3 bounds the gap to any competitor"
                                + " whom the data cover, with probability 1 − δ."),
                page.figures(List.of(figures.rate(), figures.bound())),
                rates(),
                Finding.list(findings.rate()));
        page.section(
                "eta",
                "5. How much η",
                prose("The theorem's η falls with N; in practice it is tuned."),
                page.figures(List.of(figures.hump())),
                Finding.list(findings.eta()));
    }

    private void beyond() {
        page.section(
                "online",
                "6. Online",
                prose(
                        "When the policy gathers its own data, the same term helps with the other sign. Four actions, of which the best is one"
                                + " that the reference takes once in 200 times; 25 rounds of 20 pairs, 200 seeds."),
                online(),
                page.figures(List.of(figures.online())),
                Finding.list(findings.online()));
        page.section(
                "ensembles",
                "7. Ensembles",
                prose(
                        "Several reward models stand for what the data leave open. What they disagree on can be guarded against;"
                                + " what they have in common cannot."),
                page.figures(List.of(figures.ensembles(World.UNCOVERED), figures.ensembles(World.SHARED_BIAS))),
                ensembleGame(),
                Finding.list(findings.ensembles()));
        page.section(
                "measuring",
                "8. Distance",
                prose(
                        "Curves of overoptimization are drawn over the distance from the reference, so that has to be right."),
                page.figures(List.of(figures.bestOfN())),
                estimators(),
                Finding.list(TheoryFindings.estimators()));
        page.section(
                "others",
                "9. Other problems",
                prose("The closed form of the policy carries further problems of the same kind."),
                page.figures(List.of(figures.scalarRewards())),
                constraint(),
                Finding.list(TheoryFindings.otherProblems()));
    }

    private Html cards() {
        double gap = Math.max(
                results.sides().minimax().gap(), results.sides().maximin().gap());
        String largest = Numbers.format(results.largest().pairs());
        return Html.of(
                "<div class=\"cards\">{}</div>",
                List.of(
                        card("duality gap", Numbers.format(gap), "maximin and minimax are one value"),
                        card("DPO's gap at N = " + largest, Numbers.format(RareAction.dpo()), "whatever N and β"),
                        card(
                                "RPO's gap at N = " + largest,
                                Numbers.format(results.largest().rpo()),
                                "the theorem's own η and β"),
                        card(
                                "slope of the gap",
                                Numbers.format(ShrinkingGap.slope(results.shrinking(), false)),
                                "the theorem: −½")));
    }

    private static Html card(String name, String value, String note) {
        return Html.of(
                "<div class=\"card\"><div class=\"name\">{}</div><div class=\"value\">{}</div><div class=\"interval\">{}</div></div>",
                name,
                value,
                note);
    }

    private Html tally() {
        List<Finding> all = findings.all();
        long agrees = all.stream()
                .filter(finding -> finding.verdict() == Finding.Verdict.AGREES)
                .count();
        long differs = all.stream()
                .filter(finding -> finding.verdict() == Finding.Verdict.DIFFERS)
                .count();
        return prose(
                Numbers.format(agrees) + " of the claims below are as the paper says; " + Numbers.format(differs)
                        + " of its statements do not hold as printed or were not seen; "
                        + Numbers.format(all.size() - agrees - differs)
                        + " go beyond it. Every number was computed for this page, and every sentence is written from its numbers.");
    }

    private Html policies() {
        List<List<String>> rows = new ArrayList<>();
        int actions = Equivalence.BANDIT.actions();
        double[] shares = Equivalence.DATA.chosenShares();
        for (int i = 0; i < Equivalence.BANDIT.size(); i++) {
            int action = i;
            double compared = Equivalence.DATA.duels().stream()
                    .filter(duel -> duel.prompt() == action / actions
                            && (duel.winner() == action % actions || duel.loser() == action % actions))
                    .mapToDouble(duel -> duel.count())
                    .sum();
            rows.add(List.of(
                    "prompt " + (i / actions + 1) + ", action " + (i % actions + 1),
                    Numbers.format(compared),
                    Numbers.format(shares[i]),
                    Numbers.format(Equivalence.BANDIT.reference()[i]),
                    SIX.apply(results.sides().minimax().policy()[i]),
                    SIX.apply(results.sides().maximin().policy()[i]),
                    SIX.apply(results.sides().likeliestPolicy()[i])));
        }
        return table(
                List.of(
                        "",
                        "comparisons",
                        "share of chosen",
                        "reference",
                        "minimax policy",
                        "maximin policy",
                        "likeliest reward's"),
                rows);
    }

    private Html rates() {
        return table(
                List.of("N", "η", "β", "gap RPO", "gap KL, same β", "gap DPO", "π(c) if c won", "C", "bound"),
                results.rare().stream()
                        .map(row -> List.of(
                                Numbers.format(row.pairs()),
                                SIX.apply(row.eta()),
                                SIX.apply(row.beta()),
                                SIX.apply(row.rpo()),
                                SIX.apply(row.kl()),
                                SIX.apply(RareAction.dpo()),
                                SIX.apply(row.rareMass()),
                                SIX.apply(row.coverage()),
                                Numbers.format(row.bound())))
                        .toList());
    }

    private Html online() {
        List<List<String>> rows = new ArrayList<>();
        for (OnlineLearning learnt : results.online()) {
            rows.add(List.of(
                    rows.size() + 1 + ". " + learnt.variant().name(),
                    learnt.variant().againstReference() ? "reference" : "policy",
                    Numbers.format(learnt.massOfBest()),
                    Numbers.percent(learnt.found()),
                    Numbers.format(learnt.value()),
                    Numbers.format(learnt.regret())));
        }
        return table(List.of("learnt with", "second answer from", "π(best)", "found by", "E r*", "regret"), rows);
    }

    private static Html ensembleGame() {
        return table(
                List.of("policy of three members that disagree", "action 1", "action 2", "action 3"),
                List.of(
                        row("the game's (maximin)", EnsembleGame.CLASS.maximin().policy()),
                        row("their mean", EnsembleGame.mean()),
                        row("mean − ½·variance", EnsembleGame.uncertaintyWeighted(0.5)),
                        row("worst case, action by action", EnsembleGame.worstCase())));
    }

    private static Html estimators() {
        List<List<String>> rows = new ArrayList<>();
        for (KlEstimators at : List.of(KlEstimators.near(), KlEstimators.far())) {
            rows.add(List.of(
                    rows.isEmpty() ? "(.7, .2, .1)" : "(.98, .01, .01)",
                    SIX.apply(at.kl()),
                    SIX.apply(at.k1().mean()) + " ± " + SIX.apply(at.k1().deviation()),
                    SIX.apply(at.k2().mean()) + " ± " + SIX.apply(at.k2().deviation()),
                    SIX.apply(at.k3().mean()) + " ± " + SIX.apply(at.k3().deviation())));
        }
        return table(
                List.of("policy, against (.4, .4, .2)", "KL", "k1 ± deviation", "k2 ± deviation", "k3 ± deviation"),
                rows);
    }

    private static Html constraint() {
        List<List<String>> rows = new ArrayList<>();
        for (Priced priced : List.of(Constraint.PROBLEM.at(0), Constraint.PROBLEM.solve())) {
            rows.add(List.of(
                    rows.isEmpty() ? "free" : "E c ≤ " + Numbers.format(Constraint.BUDGET),
                    SIX.apply(priced.price()),
                    SIX.apply(Constraint.BANDIT.expectation(priced.policy(), Constraint.REWARDS)),
                    SIX.apply(Constraint.BANDIT.expectation(priced.policy(), Constraint.COSTS)),
                    SIX.apply(priced.primal())));
        }
        return table(List.of("", "price λ", "E r", "E c", "E r − β·KL"), rows);
    }

    private static List<String> row(String name, double[] values) {
        List<String> row = new ArrayList<>(List.of(name));
        Arrays.stream(values).mapToObj(SIX).forEach(row::add);
        return row;
    }

    /** The first column names the row, the others are numbers. */
    private static Html table(List<String> head, List<List<String>> rows) {
        List<Html> titles = new ArrayList<>();
        for (String title : head) {
            titles.add(Html.of(
                    titles.isEmpty() ? "<th scope=\"col\">{}</th>" : "<th scope=\"col\" class=\"number\">{}</th>",
                    title));
        }
        List<Html> body = rows.stream()
                .map(row -> Html.of(
                        "<tr><th scope=\"row\">{}</th>{}</tr>",
                        row.get(0),
                        row.stream()
                                .skip(1)
                                .map(value -> Html.of("<td class=\"number\">{}</td>", value))
                                .toList()))
                .toList();
        return Html.of(
                "<div class=\"scroll\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>", titles, body);
    }

    private static Html prose(String text) {
        return Html.of("<p>{}</p>", text);
    }

    private static Html formula(String text) {
        return Html.of("<pre>{}</pre>", text);
    }
}
