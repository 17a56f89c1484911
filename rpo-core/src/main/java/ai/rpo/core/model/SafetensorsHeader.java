package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Reads the header of a safetensors file and believes nothing of it: eight bytes of length, that many bytes of JSON
 * ({@code {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}}), then the tensors, which must
 * cover the rest of the file without gap or overlap.
 */
final class SafetensorsHeader {

    /** The limit of the format's own implementation. */
    private static final long MAX_BYTES = 100_000_000;

    /** Says how a file begins that was cloned without Git LFS. */
    private static final byte[] GIT_LFS_POINTER = "version ".getBytes(StandardCharsets.US_ASCII);

    private static final Map<String, Integer> BYTES = Map.ofEntries(
            Map.entry("BOOL", 1),
            Map.entry("U8", 1),
            Map.entry("I8", 1),
            Map.entry("F8_E5M2", 1),
            Map.entry("F8_E4M3", 1),
            Map.entry("I16", 2),
            Map.entry("U16", 2),
            Map.entry("F16", 2),
            Map.entry("BF16", 2),
            Map.entry("I32", 4),
            Map.entry("U32", 4),
            Map.entry("F32", 4),
            Map.entry("I64", 8),
            Map.entry("U64", 8),
            Map.entry("F64", 8));

    private final Path file;
    private long dataBegin;
    private long fileSize;

    private SafetensorsHeader(Path file) {
        this.file = file;
    }

    /**
     * Reads the tensors in the order of the file's bytes.
     *
     * @throws RpoException if the file is not a whole and valid safetensors file
     */
    static List<StoredTensor> read(Path file) {
        return new SafetensorsHeader(file).read();
    }

    private List<StoredTensor> read() {
        byte[] json;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            json = headerBytes(channel);
        } catch (IOException e) {
            throw broken(e instanceof EOFException ? "it ends inside its header" : ReadFailure.reason(e), e);
        }
        try (JsonParser parser = JsonObject.MAPPER.createParser(json)) {
            List<StoredTensor> tensors = tensors(parser);
            tensors.sort(Comparator.comparingLong(StoredTensor::begin).thenComparingLong(StoredTensor::end));
            requireCovering(tensors);
            return tensors;
        } catch (JsonProcessingException e) {
            throw broken("its header is not valid JSON (" + e.getOriginalMessage() + ")", e);
        } catch (IOException e) {
            throw broken(ReadFailure.reason(e), e);
        }
    }

    private byte[] headerBytes(FileChannel channel) throws IOException {
        fileSize = channel.size();
        if (fileSize < Long.BYTES) {
            throw broken("it has only " + fileSize + " bytes");
        }
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, length, 0);
        if (Arrays.equals(length.array(), GIT_LFS_POINTER)) {
            throw RpoException.configuration("Cannot read weights from " + file
                    + ": it is a pointer of Git LFS, not the weights. Run git lfs pull where it was cloned.");
        }
        long headerLength = length.getLong(0);
        if (headerLength < 2 || headerLength > MAX_BYTES) {
            throw broken("its first eight bytes announce a header of " + Long.toUnsignedString(headerLength)
                    + " bytes; 2 to " + MAX_BYTES + " are possible");
        }
        if (headerLength > fileSize - Long.BYTES) {
            throw broken("it announces a header of " + headerLength + " bytes, but the whole file has " + fileSize);
        }
        dataBegin = Long.BYTES + headerLength;
        ByteBuffer json = ByteBuffer.allocate((int) headerLength);
        readFully(channel, json, Long.BYTES);
        return json.array();
    }

    private static void readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
        while (target.hasRemaining()) {
            if (channel.read(target, position + target.position()) < 0) {
                throw new EOFException();
            }
        }
    }

    private List<StoredTensor> tensors(JsonParser parser) throws IOException {
        List<StoredTensor> tensors = new ArrayList<>();
        require(parser.nextToken() == JsonToken.START_OBJECT, "its header is not a JSON object");
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            require(parser.nextToken() == JsonToken.START_OBJECT, "its entry " + name + " is not an object");
            if (name.equals("__metadata__")) {
                parser.skipChildren();
            } else {
                tensors.add(tensor(parser, name));
            }
        }
        require(parser.nextToken() == null, "its header goes on after its closing brace");
        return tensors;
    }

    private StoredTensor tensor(JsonParser parser, String name) throws IOException {
        String dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (key) {
                case "dtype" -> dtype = value == JsonToken.VALUE_STRING ? parser.getText() : null;
                case "shape" -> shape = naturals(parser, name, key);
                case "data_offsets" -> offsets = naturals(parser, name, key);
                default -> throw broken("tensor " + name + " has the unknown key " + key);
            }
        }
        require(dtype != null && shape != null, "tensor " + name + " lacks its dtype or shape");
        require(offsets != null && offsets.size() == 2, "tensor " + name + " lacks its two data_offsets");
        Integer elementBytes = BYTES.get(dtype);
        require(elementBytes != null, "tensor " + name + " has the unknown dtype " + dtype);
        long begin = offsets.get(0);
        long end = offsets.get(1);
        require(
                begin <= end && end <= fileSize - dataBegin,
                "tensor " + name + " claims the bytes " + begin + " to " + end + " of " + (fileSize - dataBegin)
                        + "; the file may be truncated");
        require(
                bytes(shape, elementBytes) == end - begin,
                "tensor " + name + " of shape " + shape + " and dtype " + dtype + " cannot have " + (end - begin)
                        + " bytes");
        return new StoredTensor(name, dtype, shape, dataBegin + begin, end - begin);
    }

    private List<Long> naturals(JsonParser parser, String name, String key) throws IOException {
        require(parser.currentToken() == JsonToken.START_ARRAY, "tensor " + name + " has no list of " + key);
        List<Long> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            boolean fits = parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            require(fits && parser.getLongValue() >= 0, "tensor " + name + " has the " + key + " " + parser.getText());
            values.add(parser.getLongValue());
        }
        return values;
    }

    /** -1 where the product overflows. */
    private static long bytes(List<Long> shape, int elementBytes) {
        try {
            long bytes = elementBytes;
            for (long dimension : shape) {
                bytes = Math.multiplyExact(bytes, dimension);
            }
            return bytes;
        } catch (ArithmeticException e) {
            return -1;
        }
    }

    private void requireCovering(List<StoredTensor> tensors) {
        long position = dataBegin;
        for (StoredTensor tensor : tensors) {
            require(tensor.begin() >= position, "tensor " + tensor.name() + " overlaps the one before it");
            require(tensor.begin() <= position, "there is a gap before tensor " + tensor.name());
            position = tensor.end();
        }
        require(position == fileSize, "its tensors end at byte " + position + ", but it has " + fileSize);
    }

    private void require(boolean holds, String why) {
        if (!holds) {
            throw broken(why);
        }
    }

    private RpoException broken(String why) {
        return broken(why, null);
    }

    private RpoException broken(String why, Throwable cause) {
        return new RpoException(
                RpoException.Kind.CONFIGURATION,
                "Cannot read weights from " + file + ": " + why + ". Fetch or export the file again.",
                cause);
    }
}
