package ai.rpo.spark.generate;

import ai.rpo.core.RpoException;
import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.CompletionText;
import ai.rpo.core.generate.Generator.Request;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.preference.PromptReader;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.PromptRecord.TokenPrompt;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.PromptTokenizer;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.NumberedRows.NumberedRow;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Continues the prompts of one shard and writes its file: JSON lines with the columns of {@link CompletionRows}. Rows
 * that have no prompt to go on from are written elsewhere first, with the reason.
 *
 * @param chatTemplate how the model's conversations are written
 * @param source how training reads rows
 * @param completions folder
 * @param rejected folder
 * @param done counts completions
 */
record ShardGeneration(
        LocalModel model,
        TemplateChoice chatTemplate,
        PromptSource source,
        Precision precision,
        int threads,
        GenerateSettings settings,
        String completions,
        String rejected,
        SerializableConfiguration hadoop,
        LongAccumulator done)
        implements Serializable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_QUOTE = 1 << 16;

    /** A prompt and where it comes from. */
    private record Prompt(long ordinal, JsonNode given, int[] ids) {}

    void run(int shard, List<NumberedRow> rows) {
        List<NumberedRow> ordered = rows.stream()
                .sorted(Comparator.comparingLong(NumberedRow::ordinal))
                .toList();
        GeneratingRole role = new GeneratingRole(model, chatTemplate, precision, threads, settings.completionsAtOnce());
        try (Loan<GeneratingRole.Worker> loan = ExecutorRuntime.ofThisJvm().borrow(role)) {
            GeneratingRole.Worker lent = loan.worker();
            List<Prompt> prompts = new ArrayList<>();
            StringBuilder unfit = new StringBuilder();
            PromptReader reader = source.reader();
            for (NumberedRow row : ordered) {
                try {
                    prompts.add(prompt(row, reader, lent));
                } catch (UnfitRowException e) {
                    unfit.append(rejected(row, e)).append('\n');
                }
            }
            if (!unfit.isEmpty()) {
                write(rejected, shard, unfit);
            }
            StringBuilder lines = lines(prompts, lent);
            loan.finished();
            write(completions, shard, lines);
        }
    }

    private StringBuilder lines(List<Prompt> prompts, GeneratingRole.Worker lent) {
        Optional<CompletionText> text = lent.tokenizer().map(t -> new CompletionText(t, settings.stop()));
        int samples = settings.samplesPerPrompt();
        Iterator<Request> requests = prompts.stream()
                .flatMap(prompt -> IntStream.range(0, samples).mapToObj(sample -> request(prompt, sample)))
                .iterator();
        Iterator<Completion> generated = lent.generator()
                .generate(
                        requests,
                        settings.sampling(),
                        lent.eosIds(),
                        text.<StopRule>map(t -> t).orElse(StopRule.NONE));
        StringBuilder lines = new StringBuilder();
        for (Prompt prompt : prompts) {
            for (int sample = 0; sample < samples; sample++) {
                Completion completion = generated.next();
                done.add(1);
                String written = text.map(t -> t.of(prompt.ids, completion)).orElse(null);
                lines.append(CompletionRows.line(
                                prompt.ordinal,
                                sample,
                                request(prompt, sample).seed(),
                                prompt.given,
                                written,
                                prompt.ids,
                                completion))
                        .append('\n');
            }
        }
        return lines;
    }

    private Request request(Prompt prompt, int sample) {
        return new Request(prompt.ids, PromptSeeds.of(settings.seed(), prompt.ids, sample));
    }

    private Prompt prompt(NumberedRow row, PromptReader reader, GeneratingRole.Worker lent) throws UnfitRowException {
        PromptReader.Row read = reader.read(row.json());
        int[] ids = ids(read, lent);
        int context = lent.model().config().contextLength();
        int vocabulary = lent.model().config().vocabularySize();
        if (ids.length >= context) {
            throw new UnfitRowException(
                    Reason.PROMPT_TOO_LONG, ids.length + " tokens, the model's context is " + context);
        }
        for (int id : ids) {
            if (id >= vocabulary) {
                throw new UnfitRowException(
                        Reason.TOKEN_OUT_OF_RANGE, "id " + id + ", the vocabulary ends at " + (vocabulary - 1));
            }
        }
        return new Prompt(row.ordinal(), read.given(), ids);
    }

    private int[] ids(PromptReader.Row row, GeneratingRole.Worker lent) throws UnfitRowException {
        if (row.prompt() instanceof TokenPrompt tokens) {
            if (tokens.ids().length == 0) {
                throw new UnfitRowException(Reason.EMPTY_PROMPT);
            }
            return tokens.ids();
        }
        PromptTokenizer tokenizer = new PromptTokenizer(
                lent.tokenizer()
                        .orElseThrow(
                                () -> RpoException.configuration("Cannot tokenise prompts: the model " + model.uri()
                                        + " has no tokenizer.json. Save it with its tokenizer, or give prompt_ids.")),
                source.specialTokens());
        return row.prompt() instanceof TextPrompt text
                ? tokenizer.tokenize(text)
                : tokenizer.tokenize((ConversationPrompt) row.prompt());
    }

    private static String rejected(NumberedRow row, UnfitRowException e) {
        ObjectNode line = JSON.createObjectNode();
        line.put("file", row.file());
        line.put("line", row.line());
        line.put("reason", e.reason().key());
        line.put("detail", e.getMessage());
        int quoted = Math.min(row.json().length, LONGEST_QUOTE);
        line.put("row", new String(row.json(), 0, quoted, StandardCharsets.UTF_8));
        return line.toString();
    }

    private void write(String folder, int shard, StringBuilder lines) {
        new SmallFile(new Path(folder, Shards.fileName(shard)), hadoop.value()).write(lines.toString());
    }
}
