package ai.rpo.spark.generate;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Says how prompts are divided into pieces of work: by their ordinals, so many each. A shard's file appears as a whole
 * once its work is done, which is how an interrupted job knows what to leave alone.
 *
 * @param promptsEach but for the last shard
 * @param prompts over all
 */
public record Shards(int promptsEach, long prompts) implements Serializable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LARGEST = 256;
    private static final Pattern NAME = Pattern.compile("part-(\\d+)\\.jsonl");
    private static final String PLAN = "plan.json";

    /**
     * Divides prompts as an interrupted run with the same fingerprint divided them, or else anew.
     *
     * @param work folders in it, which are removed where another run left them
     */
    public static Shards planned(
            Path folder, List<String> work, String digest, long prompts, int tasks, Configuration hadoop) {
        SmallFile plan = new SmallFile(new Path(folder, PLAN), hadoop);
        JsonNode earlier = plan.read().map(Shards::parse).orElse(JSON.createObjectNode());
        if (earlier.path("digest").asText().equals(digest)) {
            return new Shards(earlier.path("prompts_each").asInt(), prompts);
        }
        work.forEach(name -> new ArtifactDirectory(new Path(folder, name), Fence.NONE, hadoop).remove());
        int each = (int) Math.max(1, Math.min(LARGEST, (prompts + tasks - 1) / tasks));
        plan.write(JSON.createObjectNode()
                        .put("digest", digest)
                        .put("prompts_each", each)
                        .toPrettyString() + "\n");
        return new Shards(each, prompts);
    }

    private static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode();
        }
    }

    public int count() {
        return Math.toIntExact((prompts + promptsEach - 1) / promptsEach);
    }

    /** The shard that a row belongs to. */
    public int of(long ordinal) {
        return Math.toIntExact(ordinal / promptsEach);
    }

    /** Names the file of a shard's results, in whatever folder. */
    public static String fileName(int shard) {
        return String.format(Locale.ROOT, "part-%05d.jsonl", shard);
    }

    /**
     * Those whose files are there.
     *
     * @throws RpoException if the folder cannot be read
     */
    public BitSet finished(Path folder, Configuration hadoop) {
        BitSet finished = new BitSet();
        InputFiles.inFolder(folder.toString(), NAME.asMatchPredicate(), hadoop).files().stream()
                .map(file -> NAME.matcher(file.getPath().getName()))
                .filter(Matcher::matches)
                .forEach(name -> finished.set(Integer.parseInt(name.group(1))));
        return finished;
    }
}
