package ai.rpo.core.generate;

/**
 * Holds how a prompt goes on.
 *
 * @param ids token ids, the one that ended it included
 */
public record Completion(int[] ids, FinishReason reason) {}
