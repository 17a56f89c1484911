package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.prepare.DataSettings.Fields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parquet as other programs write it. */
@SparkTest
class ParquetRowsTest {

    private static final String PAIR = "required binary prompt (STRING); required binary chosen (STRING);"
            + " required binary rejected (STRING); ";

    @TempDir
    Path folder;

    private PrepareFixture work;

    @BeforeEach
    void fixture(SparkSession spark) {
        work = new PrepareFixture(spark, folder);
    }

    /** Types that Spark has no name for, and names that it would stumble over. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "optional int64 a (TIMESTAMP(NANOS,true)); optional int64 b (TIME(MICROS,false)); optional int96 e;"
                        + "optional fixed_len_byte_array(22) c (DECIMAL(50,2)); optional binary Prompt (STRING);"
                        + "optional fixed_len_byte_array(12) d (INTERVAL); optional binary _metadata (STRING);",
                "optional group _metadata { optional binary file_path (STRING); } optional binary extra.more (STRING);"
                        + "optional group f (LIST) { repeated group list { optional int64 element (TIME(NANOS,false)); } }",
            })
    void columnsThatNoRowNeedsMayBeOfAnyType(String column) throws IOException {
        write("odd.parquet", PAIR + column, row -> pair(row, "a"));
        write("plain.parquet", PAIR, row -> pair(row, "b"));
        DataSettings settings = PlainSettings.of(work.path("odd.parquet"), work.path("plain.parquet"))
                .build();
        assertEquals(2, work.prepare(settings).trainRows());
        assertEquals(List.of("0 [1, 3] [4, 2] [5, 2]", "1 [1, 4] [4, 2] [5, 2]"), work.pairsAsText());
        assertEquals(
                2,
                new PrepareStage(RowKind.PAIRS, settings, work.model())
                        .estimate(work.spark(), 10)
                        .rows());
    }

    @Test
    void aNeededColumnThatSparkCannotReadIsNamed() throws IOException {
        Path file = write("odd.parquet", PAIR + "optional int64 system (TIME(MICROS,false));", row -> pair(row, "a"));
        RpoException e = assertThrows(RpoException.class, () -> work.prepare(file));
        assertEquals(RpoException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().contains("odd.parquet: its column system has a type"), e.getMessage());
        Fields ignoring = new Fields(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of("system"));
        assertEquals(
                1, work.prepare(PlainSettings.of(file).fields(ignoring).build()).trainRows());
    }

    /** A file of a column of half-precision numbers, which this version of Parquet's library cannot open. */
    @Test
    void aColumnOfATypeFromTheFutureIsNamed() throws IOException {
        Path file = work.path("halves.parquet");
        Files.write(
                file,
                ParquetRowsTest.class.getResourceAsStream("halves.parquet").readAllBytes());
        RpoException e = assertThrows(RpoException.class, () -> work.prepare(file));
        assertEquals(RpoException.Kind.DATA, e.kind());
        assertTrue(e.getMessage().contains("halves.parquet: the type of its column extra is newer"), e.getMessage());
    }

    /** Also without a note that bytes are UTF-8, as older writers leave it out. */
    @ParameterizedTest
    @ValueSource(strings = {" (STRING)", ""})
    void bytesAreTextsHoweverDeepTheyLie(String annotation) throws IOException {
        Files.writeString(work.path("model/chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
        String messages = " (LIST) { repeated group list { optional group element { required binary role" + annotation
                + "; required binary content" + annotation + "; optional binary name (STRING); } } } ";
        String schema = "optional group prompt" + messages + "optional group chosen" + messages
                + "optional group rejected" + messages;
        Path parquet = write("chat.parquet", schema, row -> {
            message(row, "prompt", "user", "d");
            message(row, "chosen", "assistant", "e");
            message(row, "rejected", "assistant", "f");
        });
        assertEquals(1, work.prepare(parquet).trainRows());
        assertEquals(List.of("0 [6] [7, 2] [8, 2]"), work.pairsAsText());
    }

    /** Tables give all messages the fields of each; a template that asks for them must find none. */
    @Test
    void paddedMessagesGiveTheSameTokensFromParquetAndFromLines() throws IOException {
        Files.writeString(
                work.path("model/chat_template.jinja"),
                "{% for m in messages %}{{ m.content }}{% if m.tool_calls is defined %}{% for c in m.tool_calls %}"
                        + "{% if 'id' in c %}z{% endif %}y{% endfor %}{% endif %}{% endfor %}");
        String row = "{\"prompt\": [{\"role\": \"user\", \"content\": \"d\"%s}], \"chosen\": [{\"role\": \"assistant\","
                + " \"content\": \"e\", \"tool_calls\": [{\"name\": \"f\"%s}]}],"
                + " \"rejected\": [{\"role\": \"assistant\", \"content\": \"f\"%s}]}";
        List<String> expected = List.of("0 [6] [7, 27, 2] [8, 2]");
        work.prepare(work.lines("plain.jsonl", row.formatted("", "", "")));
        assertEquals(expected, work.pairsAsText());
        String none = ", \"tool_calls\": null";
        work.prepare(work.lines("padded.jsonl", row.formatted(none, ", \"id\": null", none)));
        assertEquals(expected, work.pairsAsText());
        work.prepare(work.parquet(
                "padded.parquet",
                List.of(
                        row.formatted("", "", ""),
                        row.formatted("", ", \"id\": \"1\"", none).replace("\"d\"", "\"g\""))));
        assertEquals(expected.get(0), work.pairsAsText().get(0));
    }

    @Test
    void aNullPromptIsMissingAndOneOfNoTypeToo() throws IOException {
        Path file = write(
                "null.parquet",
                PAIR.replace("required binary prompt", "optional binary prompt") + "optional int32 system;",
                row -> {
                    row.add("chosen", "a b");
                    row.add("rejected", "a c");
                });
        work.prepare(PlainSettings.of(file, work.lines("one.jsonl", PrepareFixture.pair(0)))
                .build());
        assertEquals(Map.of("missing-field", List.of(1)), work.rejectedLines());
    }

    @Test
    void bytesThatAreNoTextLeaveTheirRowOut() throws IOException {
        for (String type : List.of("binary prompt (STRING)", "binary prompt")) {
            Path file = write("bytes.parquet", PAIR.replace("binary prompt (STRING)", type), row -> {
                row.add("prompt", Binary.fromConstantByteArray(new byte[] {'a', (byte) 0xE9}));
                row.add("chosen", "b");
                row.add("rejected", "c");
            });
            work.prepare(PlainSettings.of(file, work.lines("one.jsonl", PrepareFixture.pair(0)))
                    .build());
            assertEquals(Map.of("not-utf8", List.of(1)), work.rejectedLines());
        }
    }

    @Test
    void picturesAreNotReadButTheirRowsAreLeftOut() throws IOException {
        Path file = write(
                "pictures.parquet",
                PAIR + "optional group image { optional binary bytes; } repeated binary other;",
                row -> {
                    pair(row, "a");
                    row.addGroup("image").add("bytes", Binary.fromConstantByteArray(new byte[] {(byte) 0x89, 'P'}));
                });
        work.prepare(PlainSettings.of(file, work.lines("one.jsonl", PrepareFixture.pair(0)))
                .build());
        assertEquals(Map.of("unused-field", List.of(1)), work.rejectedLines());
        assertTrue(work.rejected().get(0).get("row").asText().contains("\"image\":true"));
    }

    @Test
    void unsignedIdsAreIds() throws IOException {
        String ids = " (LIST) { repeated group list { optional int64 element (INTEGER(64,false)); } } ";
        Path file = write(
                "ids.parquet",
                "required group prompt_ids" + ids + "required group chosen_ids" + ids + "required group rejected_ids"
                        + ids,
                row -> List.of("prompt_ids", "chosen_ids", "rejected_ids")
                        .forEach(name -> row.addGroup(name).addGroup(0).add(0, 3L + name.length() % 5)));
        work.prepare(file);
        assertEquals(List.of("0 [3] [3] [5]"), work.pairsAsText());
    }

    private static void pair(Group row, String prompt) {
        row.add("prompt", prompt);
        row.add("chosen", "b");
        row.add("rejected", "c");
    }

    private static void message(Group row, String field, String role, String content) {
        Group message = row.addGroup(field).addGroup(0).addGroup(0);
        message.add("role", Binary.fromConstantByteArray(role.getBytes(StandardCharsets.UTF_8)));
        message.add("content", Binary.fromConstantByteArray(content.getBytes(StandardCharsets.UTF_8)));
    }

    private Path write(String name, String columns, Consumer<Group> fill) throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType("message row { " + columns + " }");
        Group row = new SimpleGroup(schema);
        fill.accept(row);
        Files.deleteIfExists(work.path(name));
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(work.hadoop(name))
                .withConf(new Configuration())
                .withType(schema)
                .build()) {
            writer.write(row);
        }
        Files.deleteIfExists(work.path("." + name + ".crc"));
        return work.path(name);
    }
}
