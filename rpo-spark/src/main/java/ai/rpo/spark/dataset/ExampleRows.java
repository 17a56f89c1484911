package ai.rpo.spark.dataset;

import ai.rpo.core.loss.TrainingExample;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Rows of supervised data: {@code ordinal, prompt_ids, completion_ids}. */
public final class ExampleRows {

    public static final StructType SCHEMA = new StructType()
            .add("ordinal", DataTypes.LongType, false)
            .add("prompt_ids", TokenIds.TYPE, false)
            .add("completion_ids", TokenIds.TYPE, false);

    private ExampleRows() {}

    public static TrainingExample example(Row row) {
        return TrainingExample.supervised(row.getLong(0), TokenIds.of(row, 1), TokenIds.of(row, 2));
    }

    public static Row of(TrainingExample example) {
        return RowFactory.create(example.ordinal(), example.prompt(), example.chosen());
    }
}
