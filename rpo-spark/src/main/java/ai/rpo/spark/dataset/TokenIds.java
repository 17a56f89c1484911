package ai.rpo.spark.dataset;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** Reads a column of token ids. */
public final class TokenIds {

    static final DataType TYPE = DataTypes.createArrayType(DataTypes.IntegerType, false);

    private TokenIds() {}

    /** The ids of a row, whether Spark has encoded it yet or not. */
    public static int[] of(Row row, int column) {
        if (row.get(column) instanceof int[] ids) {
            return ids;
        }
        List<Integer> boxed = row.getList(column);
        int[] ids = new int[boxed.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = boxed.get(i);
        }
        return ids;
    }
}
