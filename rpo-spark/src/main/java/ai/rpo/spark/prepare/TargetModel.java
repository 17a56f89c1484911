package ai.rpo.spark.prepare;

import java.io.Serializable;

/**
 * The model that data are prepared for.
 *
 * @param folder where its tokenizer is
 * @param contextLength the most tokens of one sequence
 * @param vocabularySize every token id lies below
 */
public record TargetModel(ModelFolder folder, int contextLength, int vocabularySize) implements Serializable {}
