package ai.rpo.spark.generate;

import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.CompletionText;
import ai.rpo.core.generate.Generator.Request;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.preference.PromptReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.NumberedRows.NumberedRow;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import ai.rpo.spark.store.SmallFile;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

    void run(int shard, List<NumberedRow> rows) {
        List<NumberedRow> ordered = rows.stream()
                .sorted(Comparator.comparingLong(NumberedRow::ordinal))
                .toList();
        GeneratingRole role = new GeneratingRole(model, chatTemplate, precision, threads, settings.completionsAtOnce());
        try (Loan<GeneratingRole.Worker> loan = ExecutorRuntime.ofThisJvm().borrow(role)) {
            GeneratingRole.Worker lent = loan.worker();
            List<Dialogue> dialogues = new ArrayList<>();
            Map<Long, String> unfit = new TreeMap<>();
            PromptReader reader = source.reader();
            for (NumberedRow row : ordered) {
                try {
                    PromptReader.Row read = reader.read(row.json());
                    for (int sample = 0; sample < settings.samplesPerPrompt(); sample++) {
                        Dialogue dialogue = new Dialogue(row.ordinal(), sample, read);
                        ask(dialogue, lent);
                        dialogues.add(dialogue);
                    }
                } catch (UnfitRowException e) {
                    unfit.put(row.ordinal(), row.leftOut(e));
                }
            }
            Map<Long, UnfitRowException> grown = answer(dialogues, lent);
            loan.finished();
            ordered.stream()
                    .filter(row -> grown.containsKey(row.ordinal()))
                    .forEach(row -> unfit.put(row.ordinal(), row.leftOut(grown.get(row.ordinal()))));
            if (!unfit.isEmpty()) {
                write(rejected, shard, unfit.values().stream());
            }
            write(
                    completions,
                    shard,
                    dialogues.stream()
                            .filter(dialogue -> !grown.containsKey(dialogue.ordinal()))
                            .map(Dialogue::line));
        }
    }

    /**
     * Continues all of them, turn after turn.
     *
     * @return why, of rows whose conversation cannot go on to its end
     */
    private Map<Long, UnfitRowException> answer(List<Dialogue> dialogues, GeneratingRole.Worker lent) {
        Optional<CompletionText> text = lent.tokenizer().map(t -> new CompletionText(t, settings.stop()));
        Map<SamplingSettings, List<Dialogue>> alike = new LinkedHashMap<>();
        dialogues.forEach(
                dialogue -> alike.computeIfAbsent(settings.sampling(dialogue.category()), sampling -> new ArrayList<>())
                        .add(dialogue));
        Map<Long, UnfitRowException> unfit = new HashMap<>();
        alike.forEach((sampling, all) -> {
            List<Dialogue> open = all;
            while (!open.isEmpty()) {
                Iterator<Completion> generated = lent.generator()
                        .generate(
                                open.stream()
                                        .map(dialogue -> new Request(dialogue.prompt(), dialogue.seed()))
                                        .iterator(),
                                sampling,
                                lent.eosIds(),
                                text.<StopRule>map(t -> t).orElse(StopRule.NONE));
                List<Dialogue> further = new ArrayList<>();
                for (Dialogue dialogue : open) {
                    Completion completion = generated.next();
                    dialogue.answered(
                            completion,
                            text.map(t -> t.of(dialogue.prompt(), completion)).orElse(null));
                    if (!dialogue.goesOn()) {
                        done.add(1);
                        continue;
                    }
                    try {
                        ask(dialogue, lent);
                        further.add(dialogue);
                    } catch (UnfitRowException e) {
                        unfit.put(dialogue.ordinal(), e);
                    }
                }
                open = further;
            }
        });
        return unfit;
    }

    private void ask(Dialogue dialogue, GeneratingRole.Worker lent) throws UnfitRowException {
        int[] ids = new PromptIds(model, lent, source.specialTokens()).of(dialogue.next());
        dialogue.asks(ids, PromptSeeds.of(settings.seed(), ids, dialogue.sample()));
    }

    private void write(String folder, int shard, Stream<String> lines) {
        new SmallFile(new Path(folder, Shards.fileName(shard)), hadoop.value())
                .write(lines.map(line -> line + "\n").collect(Collectors.joining()));
    }
}
