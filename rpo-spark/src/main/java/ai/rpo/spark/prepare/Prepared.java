package ai.rpo.spark.prepare;

/** Says how many rows a data set has, and tokens of prompts and completions together. */
public record Prepared(
        long rowsIn, long trainRows, long trainTokens, long evalRows, long evalTokens, long rejectedRows) {}
