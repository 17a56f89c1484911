package ai.rpo.spark.prepare;

import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.core.text.TokenizerFiles;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Tokenizers of this JVM: loaded once, by the first task that needs one, and shared by all later tasks. */
final class ExecutorTokenizers {

    private static final Map<Key, Tokenizer> LOADED = new ConcurrentHashMap<>();

    /** A folder whose tokenizer was replaced is another one. */
    private record Key(TokenizerFiles files, long modified, TemplateChoice chatTemplate) {}

    private ExecutorTokenizers() {}

    static Tokenizer get(TargetModel model) {
        TokenizerFiles files = model.text().local();
        long modified = files.tokenizer().toFile().lastModified();
        return LOADED.computeIfAbsent(
                new Key(files, modified, model.chatTemplate()), key -> Tokenizer.open(files, key.chatTemplate));
    }
}
