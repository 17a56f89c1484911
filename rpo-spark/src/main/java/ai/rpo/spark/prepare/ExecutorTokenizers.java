package ai.rpo.spark.prepare;

import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Tokenizers of this JVM: loaded once, by the first task that needs one, and shared by all later tasks. */
final class ExecutorTokenizers {

    private static final Map<Key, Tokenizer> LOADED = new ConcurrentHashMap<>();

    /** A folder whose tokenizer was replaced is another one. */
    private record Key(Path folder, long modified, TemplateChoice chatTemplate) {}

    private ExecutorTokenizers() {}

    static Tokenizer get(TargetModel model) {
        Path folder = model.folder().local().toAbsolutePath();
        long modified = folder.resolve("tokenizer.json").toFile().lastModified();
        return LOADED.computeIfAbsent(
                new Key(folder, modified, model.chatTemplate()), key -> Tokenizer.open(folder, key.chatTemplate));
    }
}
