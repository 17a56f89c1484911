package ai.rpo.spark.benchmark;

import ai.rpo.core.RpoException;
import ai.rpo.core.benchmark.BenchmarkTask;
import ai.rpo.core.benchmark.BenchmarkTask.Generation;
import ai.rpo.core.benchmark.Grades;
import ai.rpo.core.benchmark.Prompt;
import ai.rpo.core.benchmark.Question;
import ai.rpo.core.benchmark.Solution.Choices;
import ai.rpo.core.benchmark.Solution.FinalNumber;
import ai.rpo.core.benchmark.Solution.Program;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.CompletionText;
import ai.rpo.core.generate.Generator.Request;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.score.ContinuationExamples;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.text.ContextTokenizer;
import ai.rpo.core.text.ContextTokenizer.Context;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.generate.GeneratingRole;
import ai.rpo.spark.generate.Shards;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.reference.ScoringRole;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Asks the questions of one shard, grades what the model makes of them and writes the shard's file.
 *
 * @param chatTemplate how the model's conversations are written
 * @param asConversation whether the chat template writes the prompts
 * @param width answers written at once
 * @param folder of the shards' files
 * @param done counts questions
 */
record ShardAnswers(
        LocalModel model,
        TemplateChoice chatTemplate,
        boolean asConversation,
        ScoreSettings scoring,
        int threads,
        int width,
        String folder,
        SerializableConfiguration hadoop,
        LongAccumulator done)
        implements Serializable {

    /** A question and its place among all of the job. */
    record Asked(long ordinal, Question question) implements Serializable {}

    /** Continuations of one question, tokenised. */
    private record Scored(Question question, List<String> contexts, List<Example> examples) {}

    void run(int shard, List<Asked> questions) {
        List<Question> scored = new ArrayList<>();
        Map<BenchmarkTask, List<Question>> answered = new EnumMap<>(BenchmarkTask.class);
        questions.stream()
                .sorted(Comparator.comparingLong(Asked::ordinal))
                .map(Asked::question)
                .forEach(question -> (question.task().generation().isPresent()
                                ? answered.computeIfAbsent(question.task(), task -> new ArrayList<>())
                                : scored)
                        .add(question));
        StringBuilder lines = new StringBuilder();
        GeneratingRole role = new GeneratingRole(model, chatTemplate, scoring.precision(), threads, width);
        try (Loan<GeneratingRole.Worker> loan = ExecutorRuntime.ofThisJvm().borrow(role)) {
            GeneratingRole.Worker lent = loan.worker();
            if (!scored.isEmpty()) {
                score(scored, lent, lines);
            }
            answered.forEach((task, ours) -> answer(task.generation().orElseThrow(), ours, lent, lines));
            loan.finished();
        }
        new SmallFile(new Path(folder, Shards.fileName(shard)), hadoop.value()).write(lines.toString());
    }

    private void score(List<Question> questions, GeneratingRole.Worker lent, StringBuilder lines) {
        ContextTokenizer tokenizer = new ContextTokenizer(lent.tokenizer().orElseThrow());
        int contextLength = lent.model().config().contextLength();
        Iterator<Scored> tokenised = questions.stream()
                .map(question -> scored(question, tokenizer, contextLength))
                .iterator();
        ScoringRole role = new ScoringRole(model, scoring.precision(), threads);
        try (Loan<ReferenceScorer> loan = ExecutorRuntime.ofThisJvm().borrow(role)) {
            score(tokenised, loan.worker(), lines);
            loan.finished();
        }
    }

    private void score(Iterator<Scored> tokenised, ReferenceScorer scorer, StringBuilder lines) {
        MicroBatches<Scored> batches =
                new MicroBatches<>(tokenised, ShardAnswers::packedRows, scoring.tokensPerBatch());
        while (batches.hasNext()) {
            List<Scored> batch = batches.next();
            double[] logps = scorer.completionLogps(
                    batch.stream().flatMap(item -> item.examples.stream()).toList());
            int next = 0;
            for (Scored item : batch) {
                Choices choices = (Choices) item.question.solution();
                double[] ours = new double[choices.texts().size()];
                System.arraycopy(logps, next, ours, 0, ours.length);
                next += ours.length;
                append(
                        lines,
                        SampleRows.scored(
                                item.question,
                                item.contexts,
                                item.question.continuations(asConversation),
                                ours,
                                Grades.of(choices, ours)));
            }
        }
    }

    private static int packedRows(Scored item) {
        return item.examples.stream().mapToInt(Example::packedRows).sum();
    }

    private Scored scored(Question question, ContextTokenizer tokenizer, int contextLength) {
        List<String> continuations = question.continuations(asConversation);
        List<String> texts = new ArrayList<>();
        List<Example> examples = new ArrayList<>();
        try {
            if (question.prompts().size() == 1) {
                Context context = context(question.prompts().get(0), tokenizer);
                texts.add(context.text());
                examples.addAll(ContinuationExamples.of(context.with(continuations), contextLength));
            } else {
                for (int i = 0; i < continuations.size(); i++) {
                    Context context = context(question.prompts().get(i), tokenizer);
                    texts.add(context.text());
                    examples.addAll(
                            ContinuationExamples.of(context.with(List.of(continuations.get(i))), contextLength));
                }
            }
        } catch (UnfitRowException e) {
            throw unfit(question, e);
        }
        return new Scored(question, texts, examples);
    }

    private Context context(Prompt prompt, ContextTokenizer tokenizer) throws UnfitRowException {
        return asConversation ? tokenizer.of(prompt.messages()) : tokenizer.of(prompt.text());
    }

    private void answer(
            Generation generation, List<Question> questions, GeneratingRole.Worker lent, StringBuilder lines) {
        Tokenizer tokenizer = lent.tokenizer().orElseThrow();
        ContextTokenizer contexts = new ContextTokenizer(tokenizer);
        CompletionText text = new CompletionText(tokenizer, generation.stops());
        int room = lent.model().config().contextLength() - generation.maxNewTokens();
        List<String> prompts = new ArrayList<>();
        List<Request> requests = new ArrayList<>();
        for (Question question : questions) {
            try {
                Context context = context(question.prompts().get(0), contexts);
                prompts.add(context.text());
                requests.add(new Request(ContinuationExamples.end(context.ids(), room), 0));
            } catch (UnfitRowException e) {
                throw unfit(question, e);
            }
        }
        Iterator<Completion> completions = lent.generator()
                .generate(requests.iterator(), SamplingSettings.greedy(generation.maxNewTokens()), lent.eosIds(), text);
        for (int i = 0; i < requests.size(); i++) {
            append(
                    lines,
                    graded(
                            questions.get(i),
                            prompts.get(i),
                            text.of(requests.get(i).prompt(), completions.next())));
        }
    }

    private static ObjectNode graded(Question question, String context, String response) {
        if (question.solution() instanceof FinalNumber number) {
            return SampleRows.answered(question, context, response, Optional.empty(), Grades.of(number, response));
        }
        String program = ((Program) question.solution()).with(response);
        Optional<String> error = ProgramRunner.ofThisJvm().run(program);
        return SampleRows.answered(question, context, response, error, Grades.ofProgram(error.isEmpty()));
    }

    private void append(StringBuilder lines, ObjectNode row) {
        lines.append(row).append('\n');
        done.add(1);
    }

    private static RpoException unfit(Question question, UnfitRowException e) {
        return RpoException.data(
                "Cannot ask row " + question.doc() + " of " + question.task().key() + ": "
                        + e.reason().description() + " (" + e.getMessage() + "). Leave the row out of the file.");
    }
}
