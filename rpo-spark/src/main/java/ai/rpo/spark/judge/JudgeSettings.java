package ai.rpo.spark.judge;

import ai.rpo.core.CostOnly;
import java.util.List;
import java.util.Optional;

/**
 * The keys of {@code rpo.judge}.
 *
 * @param by who judges; nobody where absent
 * @param cache folder of answers shared by runs; the run's own, where absent
 * @param endpoint {@code rpo.judge.endpoint}
 * @param batch {@code rpo.judge.batch}
 * @param model {@code rpo.judge.model}
 * @param program {@code rpo.judge.program}
 */
public record JudgeSettings(
        Optional<By> by,
        @CostOnly Optional<String> cache,
        EndpointSettings endpoint,
        BatchSettings batch,
        ModelSettings model,
        ProgramSettings program) {

    /** Who judges. */
    public enum By {
        /** A server that speaks OpenAI's chat-completions protocol. */
        ENDPOINT,
        /** A server that is asked by files that someone else carries there and back. */
        BATCH,
        /** A model that executors run themselves. */
        MODEL,
        /** A program that grades each answer. */
        PROGRAM,
        /** Nobody: judgments made elsewhere are counted. */
        NONE
    }

    /**
     * Files of requests, and of what became of them.
     *
     * @param model that every request names
     * @param results what the server made of request files: files, folders or globs
     */
    public record BatchSettings(
            Optional<String> model, @CostOnly List<String> results) {

        public BatchSettings {
            results = List.copyOf(results);
        }
    }

    /**
     * A model that judges on the executors.
     *
     * @param path a folder in Hugging Face layout, or of an adapter in PEFT's, at any Hadoop path
     * @param base the model that an adapter folder adapts; where the adapter says, where absent
     * @param chatTemplate a file, Jinja, or the name of one of the model's templates, in place of its usual one
     * @param questionsAtOnce of one task
     */
    public record ModelSettings(
            Optional<String> path,
            Optional<String> base,
            Optional<String> chatTemplate,
            @CostOnly int questionsAtOnce) {

        public ModelSettings {
            if (questionsAtOnce < 1) {
                throw new IllegalArgumentException("questions-at-once must be at least 1, but is " + questionsAtOnce);
            }
        }
    }

    /**
     * A program that grades answers.
     *
     * @param verifier the name of one that is built in or in a jar
     * @param pattern for those that take one
     */
    public record ProgramSettings(String verifier, Optional<String> pattern) {}
}
