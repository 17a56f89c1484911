package ai.rpo.spark.prepare;

import ai.rpo.core.preference.Findings;
import ai.rpo.core.text.Remark;
import ai.rpo.core.theory.Guarantee;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Says what preparing found and did; written as {@code report.json}.
 */
record PrepareReport(PreparePlan plan, InputTally tally, Repetition repetition, Optional<TokenCoverage> tokenCoverage) {

    private static final ObjectMapper JSON = new ObjectMapper();

    // What theorem 5.3 is asked for: rewards in [0, R], and how likely its bound may fail.
    private static final double RANGE = 1;
    private static final double DELTA = 0.05;

    String toJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("rows_in", tally.rows());
        root.put("rows_kept", tally.train().rows() + tally.eval().rows());
        root.put("rows_rejected", tally.findings().total());
        root.put("rejected_fraction", tally.rejectedFraction());
        root.put("max_length", plan.maxLength());
        root.put("max_prompt_length", plan.maxPromptLength());
        root.put("truncation", plan.truncation().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        ArrayNode files = root.putArray("inputs");
        for (DataFile file : plan.files()) {
            files.addObject()
                    .put("file", file.path())
                    .put("used_for", file.heldOut() ? Outcomes.EVAL : Outcomes.TRAIN)
                    .put("bytes", file.bytes());
        }
        ArrayNode reasons = root.putArray("rejected");
        tally.findings().byReason().forEach((reason, finding) -> {
            ObjectNode node = reasons.addObject();
            node.put("reason", reason.key());
            node.put("meaning", reason.description());
            node.put("rows", finding.count());
            addExamples(node, finding.examples());
        });
        if (tally.waiting().rows() > 0) {
            root.putObject("unpaired")
                    .put("good", tally.waiting().good())
                    .put("bad", tally.waiting().bad());
        }
        if (plan.kind() == RowKind.PAIRS) {
            addRepetition(root, "duplicates", repetition.duplicates());
            repetition.nearDuplicates().ifPresent(kind -> addRepetition(root, "near_duplicates", kind));
            addRepetition(root, "label_conflicts", repetition.conflicts());
            addRepetition(root, "leaked_prompts", repetition.leaked());
            tokenCoverage.ifPresent(tokens -> addCoverage(root.putObject("coverage"), repetition.graph(), tokens));
        }
        addSplit(root, Outcomes.TRAIN, tally.train());
        addSplit(root, Outcomes.EVAL, tally.eval());
        return root.toPrettyString() + "\n";
    }

    private static void addCoverage(ObjectNode node, ComparisonGraph graph, TokenCoverage tokens) {
        node.put("comparisons", graph.comparisons());
        node.put("prompts", graph.prompts());
        node.put("responses", graph.responses());
        node.put("components", graph.components());
        node.put("responses_compared_once", graph.comparedOnce());
        node.put("responses_never_rejected", graph.neverRejected());
        node.put("most_comparisons_of_a_response", graph.mostComparisons());
        node.put("chosen_tokens_in_no_other_pair", tokens.inOnePairOnly());
        // Of the smallest class of rewards and of the largest: the truth is somewhere between them.
        node.put("theory_eta_low", new Guarantee(RANGE, graph.comparisons(), 0, DELTA).eta());
        node.put(
                "theory_eta_high",
                Guarantee.ofBox(graph.responses(), RANGE, graph.comparisons(), DELTA)
                        .eta());
    }

    private static void addRepetition(ObjectNode root, String name, Repetition.Kind kind) {
        ObjectNode node = root.putObject(name);
        node.put("rows", kind.rows());
        addExamples(node, kind.examples());
    }

    private static void addExamples(ObjectNode node, List<Findings.Example> examples) {
        ArrayNode list = node.putArray("examples");
        for (Findings.Example example : examples) {
            list.addObject()
                    .put("file", example.position().file())
                    .put("line", example.position().line())
                    .put("detail", example.detail());
        }
    }

    private void addSplit(ObjectNode root, String name, SplitTally split) {
        ObjectNode node = root.putObject(name);
        node.put("rows", split.rows());
        if (split.rows() == 0) {
            return;
        }
        node.put("tokens", split.tokens());
        node.put("completions_tokenised_alone", split.straddles());
        node.put("prompts_cut", split.promptsCut());
        node.put("completions_cut", split.completionsCut());
        node.put("special_tokens_kept_as_text", split.remarks(Remark.SPELLS_SPECIAL_TOKEN));
        node.put("generation_prompts_cut", split.remarks(Remark.GENERATION_PROMPT_CUT));
        node.put("completions_that_repeat_the_prompt", split.remarks(Remark.REPEATS_PROMPT));
        node.put("completions_that_end_with_the_user", split.remarks(Remark.ENDS_WITH_USER));
        node.put("with_control_characters", split.controlCharacters());
        ObjectNode lengths = JSON.createObjectNode();
        addLengths(lengths, "prompt", split.prompt());
        switch (plan.kind()) {
            case PAIRS -> {
                node.put("chosen_longer_rate", (double) split.chosenLonger() / split.rows());
                node.put("with_given_reference", split.referenced());
                addLengths(lengths, "chosen", split.chosen());
                addLengths(lengths, "rejected", split.rejected());
            }
            case EXAMPLES -> addLengths(lengths, "completion", split.chosen());
        }
        node.set("lengths", lengths);
    }

    private static void addLengths(ObjectNode lengths, String name, LengthStatistics statistics) {
        ObjectNode length = lengths.putObject(name);
        length.put("mean", statistics.mean());
        length.put("shortest", statistics.quantile(0));
        length.put("median", statistics.quantile(0.5));
        length.put("p90", statistics.quantile(0.9));
        length.put("p99", statistics.quantile(0.99));
        length.put("longest", statistics.quantile(1));
        ArrayNode histogram = length.putArray("histogram");
        statistics.histogram().forEach(bin -> histogram
                .addObject()
                .put("from", bin.from())
                .put("to", bin.to())
                .put("rows", bin.rows()));
    }
}
