package ai.rpo.jobs.demo;

import java.nio.file.Path;

/** Measures policies by their answers to prompts that nothing was trained on. */
@FunctionalInterface
interface Yardstick {

    /**
     * Holds means over the answers.
     *
     * @param kl nats from the base model
     * @param gold reward by the grader
     * @param single reward by the first reward model
     * @param ensemble by all of them, the lowest of each answer
     */
    record Reading(double kl, double gold, double single, double ensemble) {}

    Reading read(Path policy);
}
