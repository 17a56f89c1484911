package ai.rpo.jobs.config;

import ai.rpo.core.CostOnly;
import java.util.Optional;

/**
 * Names the tables that results are written to, beside the output folder; none where absent.
 *
 * @param score {@code rpo.score.table}, of reference log-probabilities
 * @param generate {@code rpo.generate.table}, of completions
 * @param rate {@code rpo.rate.table}, of rewards
 * @param judge {@code rpo.judge.table}, of judgments
 */
public record OutputTables(
        @CostOnly Optional<String> score,
        @CostOnly Optional<String> generate,
        @CostOnly Optional<String> rate,
        @CostOnly Optional<String> judge) {}
