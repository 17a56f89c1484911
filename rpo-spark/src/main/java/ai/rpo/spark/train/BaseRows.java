package ai.rpo.spark.train;

import java.io.Serializable;

/**
 * Names the rows whose chosen completions make π_base, the policy that the supervised term of RPO holds to (arXiv 2405.16436).
 *
 * @param from the first ordinal
 * @param to the ordinal behind the last
 */
public record BaseRows(long from, long to) implements Serializable {

    /** All rows, as without online rounds. */
    public static final BaseRows ALL = new BaseRows(0, Long.MAX_VALUE);

    boolean contains(long ordinal) {
        return ordinal >= from && ordinal < to;
    }
}
