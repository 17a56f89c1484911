package ai.rpo.jobs.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.objective.Objective;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds reference.conf, the settings records, and what is tested of them together. */
class EveryKeyTest {

    /** A value for each key that is not its default. */
    private static final Map<String, String> OTHER_VALUES = new TreeMap<>(Map.ofEntries(
            Map.entry("rpo.output", "runs/a"),
            Map.entry("rpo.registry", "models"),
            Map.entry("rpo.overwrite", "true"),
            Map.entry("rpo.precision", "bfloat16"),
            Map.entry("rpo.model.path", "models/a"),
            Map.entry("rpo.model.chat-template", "chat.jinja"),
            Map.entry("rpo.data.train", "a.jsonl"),
            Map.entry("rpo.data.eval", "[a.jsonl, b.jsonl]"),
            Map.entry("rpo.data.eval-fraction", "0.1"),
            Map.entry("rpo.data.max-length", "7"),
            Map.entry("rpo.data.max-prompt-length", "5"),
            Map.entry("rpo.data.truncation", "cut-completions"),
            Map.entry("rpo.data.format", "prompt-completion"),
            Map.entry("rpo.data.rated-pairs", "all"),
            Map.entry("rpo.data.fields.prompt", "question"),
            Map.entry("rpo.data.fields.chosen", "good"),
            Map.entry("rpo.data.fields.rejected", "bad"),
            Map.entry("rpo.data.fields.completion", "answer"),
            Map.entry("rpo.data.fields.completions", "answers"),
            Map.entry("rpo.data.fields.scores", "stars"),
            Map.entry("rpo.data.fields.label", "good"),
            Map.entry("rpo.data.fields.ignored", "[context]"),
            Map.entry("rpo.data.unpaired.matching", "all"),
            Map.entry("rpo.data.unpaired.max-pairs-per-prompt", "7"),
            Map.entry("rpo.data.near-duplicates", "true"),
            Map.entry("rpo.data.key", "[source, id]"),
            Map.entry("rpo.score.table", "lake.scores"),
            Map.entry("rpo.tensorboard", "runs/tensorboard"),
            Map.entry("rpo.mlflow.tracking-uri", "http://mlflow:5000"),
            Map.entry("rpo.mlflow.experiment", "nightly"),
            Map.entry("rpo.mlflow.registered-model", "stories"),
            Map.entry("rpo.mlflow.token-env", "MLFLOW_TRACKING_TOKEN"),
            Map.entry("rpo.openlineage.namespace", "nightly"),
            Map.entry("rpo.openlineage.url", "http://marquez:5000/api/v1/lineage"),
            Map.entry("rpo.openlineage.token-env", "LINEAGE_TOKEN"),
            Map.entry("rpo.generate.table", "lake.completions"),
            Map.entry("rpo.rate.table", "lake.ratings"),
            Map.entry("rpo.judge.table", "lake.judgments"),
            Map.entry("rpo.data.limits.max-duplicate-fraction", "0.1"),
            Map.entry("rpo.data.limits.max-conflict-fraction", "0.1"),
            Map.entry("rpo.data.limits.max-leaked-fraction", "0.1"),
            Map.entry("rpo.data.on-straddle", "fail"),
            Map.entry("rpo.data.special-tokens", "as-tokens"),
            Map.entry("rpo.data.max-rejected-fraction", "0.7"),
            Map.entry("rpo.reference.path", "models/b"),
            Map.entry("rpo.reference.cache", "scores"),
            Map.entry("rpo.reference.per-token", "true"),
            Map.entry("rpo.reference.tokens-per-batch", "7"),
            Map.entry("rpo.export.dtype", "source"),
            Map.entry("rpo.export.form", "adapter"),
            Map.entry("rpo.export.max-file-megabytes", "8"),
            Map.entry("rpo.model.base", "models/c"),
            Map.entry("rpo.model.template-date", "2026-11-28"),
            Map.entry("rpo.lora.rank", "8"),
            Map.entry("rpo.lora.alpha", "8"),
            Map.entry("rpo.lora.dropout", "0.1"),
            Map.entry("rpo.lora.target-modules", "[q_proj, v_proj]"),
            Map.entry("rpo.lora.target-parameters", "[mlp.experts.down_proj]"),
            Map.entry("rpo.lora.rank-stabilized", "true"),
            Map.entry("rpo.lora.base-precision", "nf4"),
            Map.entry("rpo.lora.rank-pattern", "{q_proj = 3}"),
            Map.entry("rpo.lora.alpha-pattern", "{q_proj = 3}"),
            Map.entry("rpo.lora.layers", "[1]"),
            Map.entry("rpo.lora.dora", "true"),
            Map.entry("rpo.lora.modules-to-save", "[lm_head]"),
            Map.entry("rpo.sft.data", "sft.jsonl"),
            Map.entry("rpo.sft.epochs", "8"),
            Map.entry("rpo.sft.pairs-per-batch", "8"),
            Map.entry("rpo.sft.tokens-per-micro-batch", "8"),
            Map.entry("rpo.sft.recompute", "true"),
            Map.entry("rpo.sft.learning-rate", "8e-7"),
            Map.entry("rpo.sft.warmup-ratio", "0.8"),
            Map.entry("rpo.sft.schedule", "linear"),
            Map.entry("rpo.sft.optimizer", "sgd"),
            Map.entry("rpo.sft.optimizer-device", "host"),
            Map.entry("rpo.sft.weight-decay", "0.8"),
            Map.entry("rpo.sft.max-grad-norm", "8"),
            Map.entry("rpo.sft.router-aux-loss-coef", "0.01"),
            Map.entry("rpo.sft.shuffle", "false"),
            Map.entry("rpo.sft.seed", "8"),
            Map.entry("rpo.sft.workers", "8"),
            Map.entry("rpo.sft.averaging-frequency", "8"),
            Map.entry("rpo.sft.worker-timeout", "8"),
            Map.entry("rpo.sft.checkpoint-every", "8"),
            Map.entry("rpo.sft.outer.optimizer", "nesterov"),
            Map.entry("rpo.sft.outer.learning-rate", "0.8"),
            Map.entry("rpo.sft.outer.momentum", "0.8"),
            Map.entry("rpo.sft.resources.cpus", "8"),
            Map.entry("rpo.sft.resources.gpus", "1"),
            Map.entry("rpo.sft.keep-checkpoints", "8"),
            Map.entry("rpo.selection.metric", "loss"),
            Map.entry("rpo.selection.patience", "3"),
            Map.entry("rpo.evaluate.judge", "true"),
            Map.entry("rpo.evaluate.prompts", "question.jsonl"),
            Map.entry("rpo.evaluate.prompts-at-most", "8"),
            Map.entry("rpo.plan.device-tokens-per-second", "8"),
            Map.entry("rpo.retrain.from", "base"),
            Map.entry("rpo.gates.min-new-pairs", "8"),
            Map.entry("rpo.gates.max-rejected-fraction", "0.8"),
            Map.entry("rpo.gates.min-reward-accuracy", "0.8"),
            Map.entry("rpo.gates.max-chosen-logp-drop", "8"),
            Map.entry("rpo.gates.min-win-rate-low", "0.8"),
            Map.entry("rpo.gates.max-kl", "8"),
            Map.entry("rpo.gates.max-benchmark-drop", "{piqa = 0.02}"),
            Map.entry("rpo.generate.prompts", "prompts.jsonl"),
            Map.entry("rpo.generate.format", "parquet"),
            Map.entry("rpo.generate.samples-per-prompt", "8"),
            Map.entry("rpo.generate.seed", "8"),
            Map.entry("rpo.generate.completions-at-once", "8"),
            Map.entry("rpo.generate.stop", "[a, b]"),
            Map.entry("rpo.generate.max-new-tokens", "8"),
            Map.entry("rpo.generate.temperature", "0.8"),
            Map.entry("rpo.generate.temperatures", "{math = 0}"),
            Map.entry("rpo.generate.top-k", "8"),
            Map.entry("rpo.generate.top-p", "0.8"),
            Map.entry("rpo.generate.repetition-penalty", "1.8"),
            Map.entry("rpo.judge.candidates", "{a = a.jsonl}"),
            Map.entry("rpo.judge.baseline", "a"),
            Map.entry("rpo.judge.annotations", "annotations.json"),
            Map.entry("rpo.judge.protocol", "alpaca-eval-2"),
            Map.entry("rpo.judge.prompts", "judge_prompts.jsonl"),
            Map.entry("rpo.judge.questions", "question.jsonl"),
            Map.entry("rpo.judge.references", "gpt-4.jsonl"),
            Map.entry("rpo.judge.allow-missing", "true"),
            Map.entry("rpo.judge.length-control.kind", "minimal"),
            Map.entry("rpo.judge.length-control.regularizer", "df_gamed.csv"),
            Map.entry("rpo.judge.length-control.by", "instruction"),
            Map.entry("rpo.judge.length-control.instructions", "alpaca_eval.json"),
            Map.entry("rpo.judge.length-control.c", "8"),
            Map.entry("rpo.judge.template.system", "You judge."),
            Map.entry("rpo.judge.template.user", "Which?"),
            Map.entry("rpo.judge.template.verdict", "better"),
            Map.entry("rpo.judge.template.first", "1"),
            Map.entry("rpo.judge.template.second", "2"),
            Map.entry("rpo.judge.template.tie", "3"),
            Map.entry("rpo.judge.template.max-tokens", "8"),
            Map.entry("rpo.judge.by", "endpoint"),
            Map.entry("rpo.judge.cache", "answers"),
            Map.entry("rpo.judge.endpoint.url", "\"http://localhost:8000/v1\""),
            Map.entry("rpo.judge.endpoint.model", "judge"),
            Map.entry("rpo.judge.endpoint.key-env", "JUDGE_KEY"),
            Map.entry("rpo.judge.endpoint.requests-per-second", "0.5"),
            Map.entry("rpo.judge.endpoint.requests-at-once", "1"),
            Map.entry("rpo.judge.endpoint.retries", "1"),
            Map.entry("rpo.judge.endpoint.timeout", "8"),
            Map.entry("rpo.judge.batch.model", "judge"),
            Map.entry("rpo.judge.batch.results", "[a.jsonl, b.jsonl]"),
            Map.entry("rpo.judge.model.path", "models/j"),
            Map.entry("rpo.judge.model.base", "models/b"),
            Map.entry("rpo.judge.model.chat-template", "chat.jinja"),
            Map.entry("rpo.judge.model.questions-at-once", "8"),
            Map.entry("rpo.judge.program.verifier", "number"),
            Map.entry("rpo.judge.program.pattern", "yes"),
            Map.entry("rpo.reward.members", "8"),
            Map.entry("rpo.reward.bootstrap", "true"),
            Map.entry("rpo.reward.margin-field", "margin"),
            Map.entry("rpo.reward.center", "0.01"),
            Map.entry("rpo.reward.epochs", "8"),
            Map.entry("rpo.reward.pairs-per-batch", "8"),
            Map.entry("rpo.reward.tokens-per-micro-batch", "8"),
            Map.entry("rpo.reward.recompute", "true"),
            Map.entry("rpo.reward.learning-rate", "8e-7"),
            Map.entry("rpo.reward.warmup-ratio", "0.8"),
            Map.entry("rpo.reward.schedule", "linear"),
            Map.entry("rpo.reward.optimizer", "sgd"),
            Map.entry("rpo.reward.optimizer-device", "host"),
            Map.entry("rpo.reward.weight-decay", "0.8"),
            Map.entry("rpo.reward.max-grad-norm", "8"),
            Map.entry("rpo.reward.router-aux-loss-coef", "0.01"),
            Map.entry("rpo.reward.shuffle", "false"),
            Map.entry("rpo.reward.seed", "8"),
            Map.entry("rpo.reward.workers", "8"),
            Map.entry("rpo.reward.averaging-frequency", "8"),
            Map.entry("rpo.reward.worker-timeout", "8"),
            Map.entry("rpo.reward.checkpoint-every", "8"),
            Map.entry("rpo.reward.outer.optimizer", "nesterov"),
            Map.entry("rpo.reward.outer.learning-rate", "0.8"),
            Map.entry("rpo.reward.outer.momentum", "0.8"),
            Map.entry("rpo.reward.resources.cpus", "8"),
            Map.entry("rpo.reward.resources.gpus", "1"),
            Map.entry("rpo.reward.keep-checkpoints", "8"),
            Map.entry("rpo.rate.model", "[reward/member-0, reward/member-1]"),
            Map.entry("rpo.rate.completions", "runs/a/generate/completions"),
            Map.entry("rpo.rate.aggregate", "min"),
            Map.entry("rpo.rate.variance-weight", "0.1"),
            Map.entry("rpo.rate.tokenize-again", "true"),
            Map.entry("rpo.gauge.prompts", "prompts.jsonl"),
            Map.entry("rpo.gauge.samples", "8"),
            Map.entry("rpo.gauge.every", "8"),
            Map.entry("rpo.gauge.proxy", "[reward/member-0, reward/member-1]"),
            Map.entry("rpo.gauge.gold", "gold"),
            Map.entry("rpo.online.rounds", "8"),
            Map.entry("rpo.online.prompts", "prompts.jsonl"),
            Map.entry("rpo.online.samples-per-prompt", "8"),
            Map.entry("rpo.online.by", "program"),
            Map.entry("rpo.online.max-missing-fraction", "0.5"),
            Map.entry("rpo.online.pairing", "two"),
            Map.entry("rpo.online.reference", "previous"),
            Map.entry("rpo.online.regularize-on", "round"),
            Map.entry("rpo.online.offline-share", "0.5"),
            Map.entry("rpo.online.optimizer", "kept"),
            Map.entry("rpo.online.stop-at-turn", "false"),
            Map.entry("rpo.benchmark.tasks", "[piqa, boolq]"),
            Map.entry("rpo.benchmark.data", "benchmarks"),
            Map.entry("rpo.benchmark.limit", "8"),
            Map.entry("rpo.benchmark.chat-template", "true"),
            Map.entry("rpo.benchmark.allow-code-execution", "true"),
            Map.entry("rpo.benchmark.shots.arc_easy", "2"),
            Map.entry("rpo.benchmark.shots.arc_challenge", "2"),
            Map.entry("rpo.benchmark.shots.hellaswag", "2"),
            Map.entry("rpo.benchmark.shots.winogrande", "2"),
            Map.entry("rpo.benchmark.shots.piqa", "2"),
            Map.entry("rpo.benchmark.shots.boolq", "2"),
            Map.entry("rpo.benchmark.shots.openbookqa", "2"),
            Map.entry("rpo.benchmark.shots.truthfulqa_mc1", "2"),
            Map.entry("rpo.benchmark.shots.truthfulqa_mc2", "2"),
            Map.entry("rpo.benchmark.shots.mmlu", "2"),
            Map.entry("rpo.benchmark.shots.gsm8k", "2"),
            Map.entry("rpo.benchmark.shots.mbpp", "2"),
            Map.entry("rpo.benchmark.shots.humaneval", "0"),
            Map.entry("rpo.objective.beta", "0.2"),
            Map.entry("rpo.objective.lambda", "0.2"),
            Map.entry("rpo.objective.max-reward", "0.2"),
            Map.entry("rpo.objective.label-smoothing", "0.2"),
            Map.entry("rpo.objective.eta", "0.3"),
            Map.entry("rpo.objective.regularizer.reduction", "token-mean"),
            Map.entry("rpo.objective.regularizer.weight", "eta"),
            Map.entry("rpo.objective.name", "ipo"),
            Map.entry("rpo.train.epochs", "7"),
            Map.entry("rpo.train.pairs-per-batch", "7"),
            Map.entry("rpo.train.tokens-per-micro-batch", "7"),
            Map.entry("rpo.train.recompute", "true"),
            Map.entry("rpo.train.learning-rate", "7e-7"),
            Map.entry("rpo.train.warmup-ratio", "0.7"),
            Map.entry("rpo.train.schedule", "linear"),
            Map.entry("rpo.train.optimizer", "sgd"),
            Map.entry("rpo.train.optimizer-device", "host"),
            Map.entry("rpo.train.weight-decay", "0.7"),
            Map.entry("rpo.train.max-grad-norm", "7"),
            Map.entry("rpo.train.router-aux-loss-coef", "0.01"),
            Map.entry("rpo.train.shuffle", "false"),
            Map.entry("rpo.train.seed", "7"),
            Map.entry("rpo.train.workers", "7"),
            Map.entry("rpo.train.averaging-frequency", "7"),
            Map.entry("rpo.train.worker-timeout", "7"),
            Map.entry("rpo.train.checkpoint-every", "7"),
            Map.entry("rpo.train.outer.optimizer", "nesterov"),
            Map.entry("rpo.train.outer.learning-rate", "0.5"),
            Map.entry("rpo.train.outer.momentum", "0.7"),
            Map.entry("rpo.train.resources.cpus", "7"),
            Map.entry("rpo.train.resources.gpus", "1"),
            Map.entry("rpo.train.keep-checkpoints", "7")));

    /** Keys that only some objectives have, with one of these. */
    private static final Map<String, String> OBJECTIVES = Map.of(
            "rpo.objective.lambda", "dpo-positive",
            "rpo.objective.max-reward", "chi-po",
            "rpo.objective.label-smoothing", "robust");

    static Set<String> keys() {
        return OTHER_VALUES.keySet();
    }

    static List<Objective> objectives() {
        return ObjectiveKeys.objectives();
    }

    @Test
    void referenceConfHoldsExactlyTheKeysThatAreRead() {
        Set<String> written = KnownKeys.leaves(
                        ConfigurationSources.defaults().root().get("rpo"), "rpo")
                .keySet();
        Set<String> read = new TreeSet<>();
        for (Objective objective : objectives()) {
            read.addAll(ConfigurationFixture.definitions("rpo.objective.name=" + objective.name())
                    .valuesUnder("rpo")
                    .keySet());
        }

        assertEquals(new TreeSet<>(written), new TreeSet<>(read));
        assertEquals(new TreeSet<>(written), new TreeSet<>(keys()), "keys with a value in this test");
    }

    @ParameterizedTest
    @MethodSource("keys")
    void everyKeyReachesTheSettings(String key) {
        String objective = "rpo.objective.name=" + OBJECTIVES.getOrDefault(key, "rpo");
        ResolvedConfiguration defaults = ConfigurationFixture.definitions(objective);
        ResolvedConfiguration changed = ConfigurationFixture.definitions(objective, key + "=" + OTHER_VALUES.get(key));

        assertNotEquals(defaults.settings(), changed.settings());
        Set<String> changedKeys = changedKeys(defaults, changed);
        if (key.equals("rpo.objective.name")) {
            changedKeys.removeIf(
                    each -> each.startsWith("rpo.objective.") && !each.equals(key)); // it has keys of its own
        }
        assertEquals(Set.of(key), changedKeys);
    }

    /** Those of a user's objective come from its class alone. */
    @ParameterizedTest
    @MethodSource("objectives")
    void defaultsOfAnObjectiveAreThoseOfItsClass(Objective objective) {
        assertEquals(
                objective,
                ConfigurationFixture.definitions("rpo.objective.name=" + objective.name())
                        .settings()
                        .objective());
    }

    @Test
    void everyKeyIsExplained() throws IOException {
        List<String> lines;
        try (InputStream in = getClass().getResourceAsStream("/reference.conf")) {
            lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
        boolean explained = false;
        boolean wholeGroup = false;
        for (String line : lines) {
            String text = line.strip();
            boolean isKey = text.contains(" = ") && !text.startsWith("#");
            assertTrue(!isKey || explained, "nothing is said of: " + text);
            // A comment serves the one key below it, or all below it where it says so.
            explained = text.startsWith("#") || isKey && wholeGroup;
            wholeGroup = text.startsWith("#") ? text.contains("From here on") : isKey && wholeGroup;
        }
        assertEquals(
                keys().size(),
                lines.stream()
                        .filter(line -> line.contains(" = ") && !line.strip().startsWith("#"))
                        .count());
    }

    private static Set<String> changedKeys(ResolvedConfiguration one, ResolvedConfiguration other) {
        Set<String> changed = new TreeSet<>(keys());
        changed.removeIf(key -> Objects.equals(
                one.valuesUnder("rpo").get(key), other.valuesUnder("rpo").get(key)));
        return changed;
    }
}
