package ai.rpo.jobs.config;

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
        Optional<String> score, Optional<String> generate, Optional<String> rate, Optional<String> judge) {}
