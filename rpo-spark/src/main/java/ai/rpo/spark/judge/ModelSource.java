package ai.rpo.spark.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.CompletionText;
import ai.rpo.core.generate.FinishReason;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.Answer.Finish;
import ai.rpo.core.judge.Answer.TokenLogprob;
import ai.rpo.core.judge.Question;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.score.LabelTokens;
import ai.rpo.core.score.LabelTokens.Spelling;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.score.ScoreIdentity;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.PromptTokenizer;
import ai.rpo.core.text.SpellingPolicy;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.generate.GeneratingRole;
import ai.rpo.spark.reference.ScoringRole;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Asks a model that executors run: where a question names labels, for the probability of each way to spell one as its answer's
 * beginning; else for a text.
 */
final class ModelSource implements AnswerSource {

    private static final long serialVersionUID = 1L;

    /** Questions held at once. */
    private static final int CHUNK = 256;

    private static final int TOKENS_PER_BATCH = 8192;

    private final LocalModel model;
    private final TemplateChoice chatTemplate;
    private final Precision precision;
    private final int questionsAtOnce;
    private final boolean allowMissing;

    /**
     * @param chatTemplate how the model's conversations are written
     * @param allowMissing whether questions may stay without an answer
     */
    ModelSource(
            LocalModel model,
            TemplateChoice chatTemplate,
            Precision precision,
            int questionsAtOnce,
            boolean allowMissing) {
        this.model = model;
        this.chatTemplate = chatTemplate;
        this.precision = precision;
        this.questionsAtOnce = questionsAtOnce;
        this.allowMissing = allowMissing;
    }

    @Override
    public String name() {
        return model.uri();
    }

    @Override
    public String identity() {
        return String.join(
                "\n",
                "model",
                model.fingerprint(),
                chatTemplate.template() + (chatTemplate.date() == null ? "" : " on " + chatTemplate.date()),
                precision.key(),
                String.valueOf(ScoreIdentity.NUMERICS_VERSION));
    }

    @Override
    public int tasks(Cores cores) {
        return cores.slots();
    }

    @Override
    public void probe(Collection<Question.Options> kinds, Asking longest, Sink sink) {
        if (model.open().tokenizerFile().isEmpty()) {
            throw RpoException.configuration(cannotAsk() + "it has no tokenizer.json. Save it with its tokenizer.");
        }
        try (Tokenizer tokenizer = Tokenizer.open(model.tokenizerFiles(), chatTemplate)) {
            int context = model.open().config().contextLength();
            int length = ids(tokenizer, longest.question()).length;
            if (length >= context && !allowMissing) {
                throw RpoException.data(cannotAsk() + "the longest question ("
                        + longest.question().key() + ") has " + length + " tokens, and its context has " + context
                        + ". Name a judge that reads more, or leave out such questions with"
                        + " rpo.judge.allow-missing = true.");
            }
        } catch (UnfitRowException e) {
            throw RpoException.configuration(cannotAsk() + "a question cannot be written for it ("
                    + e.reason().key() + ": " + e.getMessage() + "). Name another rpo.judge.model.chat-template.");
        }
    }

    private String cannotAsk() {
        return "Cannot ask the judge " + model.uri() + ": ";
    }

    private static int[] ids(Tokenizer tokenizer, Question question) throws UnfitRowException {
        return new PromptTokenizer(tokenizer, SpellingPolicy.AS_TEXT)
                .tokenize(new ConversationPrompt(question.messages()));
    }

    /** A question as the model reads it. */
    private record Prompt(Asking asking, int[] ids) {}

    @Override
    public void answer(Share share, Iterator<Asking> questions, Sink sink) {
        ScoringRole scoring = new ScoringRole(model, precision, share.threads());
        GeneratingRole generating =
                new GeneratingRole(model, chatTemplate, precision, share.threads(), questionsAtOnce);
        ExecutorRuntime runtime = ExecutorRuntime.ofThisJvm();
        try (Loan<ReferenceScorer> scorer = runtime.borrow(scoring);
                Loan<GeneratingRole.Worker> generator = runtime.borrow(generating)) {
            GeneratingRole.Worker lent = generator.worker();
            Map<List<String>, List<Spelling>> spellings = new HashMap<>();
            while (questions.hasNext()) {
                chunk(questions, lent, sink).forEach((options, prompts) -> {
                    if (options.labels().isEmpty()) {
                        generate(options, prompts, lent, sink);
                    } else {
                        score(
                                spellings.computeIfAbsent(options.labels(), labels -> spellings(labels, lent)),
                                prompts,
                                scorer.worker(),
                                sink);
                    }
                });
            }
            scorer.finished();
            generator.finished();
        }
    }

    /** The next questions that the model can read, those with the same options together. */
    private static Map<Question.Options, List<Prompt>> chunk(
            Iterator<Asking> questions, GeneratingRole.Worker lent, Sink sink) {
        Map<Question.Options, List<Prompt>> byOptions = new LinkedHashMap<>();
        for (int i = 0; i < CHUNK && questions.hasNext(); i++) {
            Asking asking = questions.next();
            prompt(asking, lent, sink).ifPresent(prompt -> byOptions
                    .computeIfAbsent(asking.question().options(), options -> new ArrayList<>())
                    .add(prompt));
        }
        return byOptions;
    }

    private static Optional<Prompt> prompt(Asking asking, GeneratingRole.Worker lent, Sink sink) {
        try {
            int[] ids = ids(lent.tokenizer().orElseThrow(), asking.question());
            int context = lent.model().config().contextLength();
            if (ids.length < context) {
                return Optional.of(new Prompt(asking, ids));
            }
            sink.failed(asking, "the question has " + ids.length + " tokens, and the model's context has " + context);
        } catch (UnfitRowException e) {
            sink.failed(asking, e.reason().key() + ": " + e.getMessage());
        }
        return Optional.empty();
    }

    private static void generate(
            Question.Options options, List<Prompt> prompts, GeneratingRole.Worker lent, Sink sink) {
        Tokenizer tokenizer = lent.tokenizer().orElseThrow();
        CompletionText text = new CompletionText(tokenizer, List.of());
        Iterator<Completion> completions = lent.generator()
                .generate(
                        prompts.stream()
                                .map(prompt -> new Generator.Request(prompt.ids, seed(prompt.asking)))
                                .iterator(),
                        SamplingSettings.atTemperature(options.temperature(), options.maxTokens()),
                        lent.eosIds(),
                        StopRule.NONE);
        for (Prompt prompt : prompts) {
            Completion completion = completions.next();
            boolean whole = completion.reason() != FinishReason.LENGTH;
            sink.answered(
                    prompt.asking,
                    answer(
                            text.of(prompt.ids, completion),
                            List.of(),
                            whole ? Finish.STOP : Finish.LENGTH,
                            prompt,
                            completion.ids().length));
            sink.waiting();
        }
    }

    private static long seed(Asking asking) {
        return Long.parseUnsignedLong(asking.key().substring(0, 16), 16);
    }

    private static List<Spelling> spellings(List<String> labels, GeneratingRole.Worker lent) {
        return LabelTokens.of(
                lent.tokenizer().orElseThrow(), lent.model().config().vocabularySize(), labels);
    }

    private static void score(List<Spelling> spellings, List<Prompt> prompts, ReferenceScorer scorer, Sink sink) {
        List<int[]> completions = spellings.stream().map(Spelling::ids).toList();
        for (List<Prompt> batch : MicroBatches.of(
                prompts, prompt -> new Example(prompt.ids, completions).packedRows(), TOKENS_PER_BATCH)) {
            double[] logps = scorer.completionLogps(batch.stream()
                    .map(prompt -> new Example(prompt.ids, completions))
                    .toList());
            for (int i = 0; i < batch.size(); i++) {
                List<TokenLogprob> top = new ArrayList<>();
                for (int s = 0; s < spellings.size(); s++) {
                    top.add(new TokenLogprob(spellings.get(s).text(), logps[i * spellings.size() + s]));
                }
                top.sort(Comparator.comparingDouble(TokenLogprob::logprob).reversed());
                Prompt prompt = batch.get(i);
                if (top.stream().allMatch(token -> Double.isFinite(token.logprob()))) {
                    sink.answered(prompt.asking, answer(top.get(0).token(), top, Finish.STOP, prompt, 1));
                } else {
                    sink.failed(prompt.asking, "the model's log-probabilities are not finite");
                }
            }
            sink.waiting();
        }
    }

    private static Answer answer(String text, List<TokenLogprob> top, Finish finish, Prompt prompt, int tokens) {
        return new Answer(text, top, finish, "", "", prompt.ids.length, tokens);
    }
}
