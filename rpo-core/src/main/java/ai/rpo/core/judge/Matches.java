package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Candidate.Reply;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Joins candidates by prompt into what a judge decides.
 *
 * @param matches pair after pair, and in each of these turn after turn of the prompts
 * @param leftOut prompts that not every candidate has answered
 */
public record Matches(List<Match> matches, int leftOut) {

    private static final int NAMED = 3;

    public Matches {
        matches = List.copyOf(matches);
    }

    /**
     * Every model against the baseline, every two models where there is no baseline, or each alone.
     *
     * @param candidates at least one; at least two where the protocol is pairwise
     * @param baseline name of one of them; absent where every two are compared
     * @param questions what they were asked; what the first candidate answers where there are none
     * @param allowMissing whether prompts that not all have answered are left out
     * @throws RpoException where candidates answered other prompts
     */
    public static Matches of(
            Protocol protocol,
            List<Candidate> candidates,
            Optional<String> baseline,
            List<EvaluationPrompt> questions,
            boolean allowMissing) {
        List<Candidate> ordered = baselineFirst(candidates, baseline);
        if (protocol.isPairwise() && ordered.size() < 2) {
            throw RpoException.configuration("Cannot judge by " + protocol.name() + ": it compares two candidates, and"
                    + " rpo.judge.candidates has one. Name another one there.");
        }
        List<EvaluationPrompt> prompts = questions.isEmpty() ? prompts(ordered.get(0)) : questions;
        List<EvaluationPrompt> common = common(prompts, ordered, allowMissing);
        List<Match> matches = new ArrayList<>();
        if (!protocol.isPairwise()) {
            candidates.forEach(model -> add(matches, protocol, common, model, Optional.empty()));
        }
        for (int b = 0; protocol.isPairwise() && b < (baseline.isPresent() ? 1 : ordered.size()); b++) {
            for (int m = b + 1; m < ordered.size(); m++) {
                add(matches, protocol, common, ordered.get(m), Optional.of(ordered.get(b)));
            }
        }
        return new Matches(matches, prompts.size() - common.size());
    }

    private static List<Candidate> baselineFirst(List<Candidate> candidates, Optional<String> baseline) {
        List<Candidate> ordered = new ArrayList<>(candidates);
        baseline.ifPresent(name -> {
            Candidate first = candidates.stream()
                    .filter(candidate -> candidate.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> RpoException.configuration("Cannot compare with " + name
                            + ": rpo.judge.candidates has no such name ("
                            + String.join(
                                    ", ",
                                    candidates.stream().map(Candidate::name).toList())
                            + "). Name one of these in rpo.judge.baseline."));
            ordered.remove(first);
            ordered.add(0, first);
        });
        return ordered;
    }

    private static List<EvaluationPrompt> prompts(Candidate candidate) {
        List<EvaluationPrompt> prompts = new ArrayList<>();
        candidate.answers().forEach((key, reply) -> {
            if (reply.turns().isEmpty()) {
                throw RpoException.configuration("Cannot judge the answers of " + candidate.name()
                        + ": they name their questions by question_id alone. Name the file of questions in"
                        + " rpo.judge.questions.");
            }
            prompts.add(
                    new EvaluationPrompt(prompts.size(), String.valueOf(prompts.size()), reply.turns(), "", List.of()));
        });
        return prompts;
    }

    private static List<EvaluationPrompt> common(
            List<EvaluationPrompt> prompts, List<Candidate> candidates, boolean allowMissing) {
        Set<EvaluationPrompt> missing = new HashSet<>();
        List<String> problems = new ArrayList<>();
        for (Candidate candidate : candidates) {
            List<String> unanswered = new ArrayList<>();
            Set<Reply> used = new HashSet<>();
            for (EvaluationPrompt prompt : prompts) {
                Optional<Reply> reply = reply(candidate, prompt);
                reply.ifPresent(used::add);
                if (reply.isEmpty()
                        || reply.get().answers().size() < prompt.turns().size()) {
                    missing.add(prompt);
                    unanswered.add(prompt.turns().get(0));
                }
            }
            if (!unanswered.isEmpty()) {
                problems.add(candidate.name() + " has no whole answer to " + named(unanswered));
            }
            List<String> others = candidate.answers().entrySet().stream()
                    .filter(entry -> !used.contains(entry.getValue()))
                    .map(Map.Entry::getKey)
                    .toList();
            if (!others.isEmpty()) {
                problems.add(candidate.name() + " answers " + named(others) + ", which nobody else was asked");
            }
        }
        List<EvaluationPrompt> common =
                prompts.stream().filter(prompt -> !missing.contains(prompt)).toList();
        if (!problems.isEmpty() && (!allowMissing || common.isEmpty())) {
            throw RpoException.data("Cannot compare answers to different prompts: " + String.join("; ", problems)
                    + (common.isEmpty()
                            ? ". No prompt is common to all; let them answer the same ones."
                            : ". Let them answer the same prompts, or set rpo.judge.allow-missing = true to leave these"
                                    + " out."));
        }
        return common;
    }

    private static Optional<Reply> reply(Candidate candidate, EvaluationPrompt prompt) {
        Reply byText = candidate.answers().get(String.join("\n\n", prompt.turns()));
        return Optional.ofNullable(byText == null ? candidate.answers().get(prompt.id()) : byText);
    }

    private static String named(List<String> prompts) {
        String some = String.join(
                ", ", prompts.stream().limit(NAMED).map(Annotations::quoted).toList());
        return prompts.size()
                + (prompts.size() == 1 ? " prompt (" : " prompts (")
                + some
                + (prompts.size() > NAMED ? ", …)" : ")");
    }

    private static void add(
            List<Match> matches,
            Protocol protocol,
            List<EvaluationPrompt> prompts,
            Candidate model,
            Optional<Candidate> baseline) {
        int turns = protocol.judgesLaterTurns()
                ? prompts.stream().mapToInt(p -> p.turns().size()).max().orElse(1)
                : 1;
        for (int turn = 1; turn <= turns; turn++) {
            for (EvaluationPrompt prompt : prompts) {
                if (turn <= prompt.turns().size()) {
                    matches.add(new Match(
                            prompt, turn, contestant(model, prompt), baseline.map(other -> contestant(other, prompt))));
                }
            }
        }
    }

    private static Contestant contestant(Candidate candidate, EvaluationPrompt prompt) {
        return new Contestant(
                candidate.name(), reply(candidate, prompt).orElseThrow().answers());
    }

    /** All questions about the matches. */
    public List<Question> questions(Protocol protocol) {
        return matches.stream()
                .flatMap(match -> protocol.questions(match).stream())
                .toList();
    }

    /**
     * Says what the answers mean.
     *
     * @param judge its name
     * @param answers by the questions' keys; a question without one counts as not answered
     */
    public Annotations judge(Protocol protocol, String judge, Map<String, Answer> answers) {
        List<Judgment> judgments = new ArrayList<>();
        for (Match match : matches) {
            List<Answer> said = protocol.questions(match).stream()
                    .map(question -> answers.getOrDefault(question.key(), Answer.failed("the judge was not asked")))
                    .toList();
            judgments.add(protocol.judge(match, said));
        }
        return new Annotations(protocol.name(), judge, protocol.promptSha256(), judgments);
    }
}
