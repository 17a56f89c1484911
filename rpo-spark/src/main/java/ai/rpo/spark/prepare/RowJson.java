package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.size;

import ai.rpo.core.preference.RowFormats;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * Writes rows of Spark's as JSON in UTF-8, as they would stand in a file of lines. Texts are written as the bytes they
 * are, so that those that are no UTF-8 are found where lines are checked, too.
 */
final class RowJson {

    private static final JsonFactory JSON = JsonFactory.builder()
            // As Python writes them.
            .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .build();

    private RowJson() {}

    /** Selects a column as it is to be written: of one that no text can stand for, whether it holds something. */
    static Column column(StructField column) {
        Column named = col("`" + column.name().replace("`", "``") + "`");
        Column read = !RowFormats.isNotText(column.name())
                ? named.cast(textsAsBytes(column.dataType()))
                : column.dataType() instanceof ArrayType ? size(named).gt(0) : named.isNotNull();
        return read.as(column.name());
    }

    /** The type that a column is to be read in: its own, with bytes for texts, however deep they lie, any of which may be null. */
    private static DataType textsAsBytes(DataType type) {
        if (type instanceof ArrayType array) {
            return DataTypes.createArrayType(textsAsBytes(array.elementType()));
        }
        if (type instanceof MapType map) {
            return DataTypes.createMapType(map.keyType(), textsAsBytes(map.valueType()));
        }
        if (type instanceof StructType struct) {
            StructType fields = new StructType();
            for (StructField field : struct.fields()) {
                fields = fields.add(field.name(), textsAsBytes(field.dataType()));
            }
            return fields;
        }
        return type.equals(DataTypes.StringType) ? DataTypes.BinaryType : type;
    }

    /** @param first column of the row that is written, and all behind it */
    static byte[] of(Row row, int first) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            write(row, first, json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static void write(Row row, int first, JsonGenerator json) throws IOException {
        json.writeStartObject();
        for (int i = first; i < row.size(); i++) {
            json.writeFieldName(row.schema().fieldNames()[i]);
            write(row.get(i), json);
        }
        json.writeEndObject();
    }

    private static void write(Object value, JsonGenerator json) throws IOException {
        if (value == null) {
            json.writeNull();
        } else if (value instanceof byte[] text) {
            json.writeUTF8String(text, 0, text.length);
        } else if (value instanceof Row struct) {
            write(struct, 0, json);
        } else if (value instanceof Seq<?> list) {
            json.writeStartArray();
            for (Object item : JavaConverters.seqAsJavaList(list)) {
                write(item, json);
            }
            json.writeEndArray();
        } else if (value instanceof scala.collection.Map<?, ?> map) {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : JavaConverters.mapAsJavaMap(map).entrySet()) {
                json.writeFieldName(String.valueOf(entry.getKey()));
                write(entry.getValue(), json);
            }
            json.writeEndObject();
        } else if (value instanceof Boolean bool) {
            json.writeBoolean(bool);
        } else if (value instanceof Float || value instanceof Double) {
            json.writeNumber(value instanceof Float number ? Double.parseDouble(number.toString()) : (Double) value);
        } else if (value instanceof BigDecimal number) {
            json.writeNumber(number);
        } else if (value instanceof Number number) {
            json.writeNumber(number.longValue());
        } else {
            json.writeString(String.valueOf(value)); // times and dates
        }
    }
}
