package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;

/** Rows that follow one another with the same prompt, which is computed once where they stay together. */
record Neighbours(ScoredRows kind) implements Serializable {

    /** More of them are worth a share of the work of their own. */
    private static final int MOST = 64;

    /** Deals the rows to so many partitions. */
    JavaRDD<Row> repartition(JavaRDD<Row> rows, int partitions) {
        return rows.mapPartitions(this::groups).repartition(partitions).flatMap(List::iterator);
    }

    Iterator<List<Row>> groups(Iterator<Row> rows) {
        return new Iterator<>() {
            private Row held;

            @Override
            public boolean hasNext() {
                return held != null || rows.hasNext();
            }

            @Override
            public List<Row> next() {
                List<Row> group = new ArrayList<>(List.of(held == null ? rows.next() : held));
                Example first = kind.example(group.get(0));
                held = null;
                while (group.size() < MOST && rows.hasNext()) {
                    Row next = rows.next();
                    if (!kind.example(next).sharesPromptWith(first)) {
                        held = next;
                        break;
                    }
                    group.add(next);
                }
                return group;
            }
        };
    }
}
