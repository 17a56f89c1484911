package ai.rpo.core.text;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The tokenizer of a Hugging Face model folder. Text is text: a special token that it spells is never read as one.
 * Padding and truncation that tokenizer.json asks for are not applied. Safe for use by several threads.
 */
public final class Tokenizer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONFIG = "tokenizer_config.json";
    private static final String TEMPLATE = "chat_template";

    private final Path file;
    private final String json;
    private final SpecialTokens specialTokens;
    private final NativeTokenizer text;
    private final int[] prefix;
    private final Set<Integer> eosIds;
    private final Optional<ChatTemplate> chatTemplate;
    private NativeTokenizer full;

    private Tokenizer(
            Path file,
            ObjectNode tokenizer,
            SpecialTokens specialTokens,
            Set<Integer> eosIds,
            Optional<ChatTemplate> chatTemplate) {
        this.file = file;
        this.json = tokenizer.toString();
        this.specialTokens = specialTokens;
        this.eosIds = eosIds;
        this.chatTemplate = chatTemplate;
        this.text = load(file, specialTokens.withoutSpellings().toString());
        this.prefix = prefixOf(text);
    }

    /** Opens the tokenizer of a folder apart from any model, with the folder's usual chat template. */
    public static Tokenizer open(Path folder) {
        return open(folder, TemplateChoice.USUAL);
    }

    /** Opens the tokenizer of a folder apart from any model; see {@link #open(TokenizerFiles, TemplateChoice)}. */
    public static Tokenizer open(Path folder, TemplateChoice chatTemplate) {
        return open(TokenizerFiles.in(folder, List.of()), chatTemplate);
    }

    /**
     * Opens a model's tokenizer: reads {@code tokenizer.json} and, where they are there, {@code tokenizer_config.json},
     * {@code special_tokens_map.json} and {@code chat_template.jinja}.
     *
     * @param chatTemplate which, and the date that it writes
     * @throws RpoException where a file is missing or cannot be read, or there is no such template
     */
    public static Tokenizer open(TokenizerFiles files, TemplateChoice chatTemplate) {
        Path folder = files.folder();
        Path file = files.tokenizer();
        if (!Files.isRegularFile(file)) {
            throw RpoException.configuration("Cannot load the tokenizer of " + folder
                    + ": it has no tokenizer.json. Save the model with its fast tokenizer"
                    + " (AutoTokenizer.from_pretrained(...).save_pretrained(...)), or give tokenised rows.");
        }
        ObjectNode tokenizer = read(file);
        ObjectNode config = readIfThere(folder.resolve(CONFIG));
        ObjectNode specialTokensMap = readIfThere(folder.resolve("special_tokens_map.json"));
        specialTokensMap.properties().stream()
                .filter(entry -> !config.hasNonNull(entry.getKey()))
                .forEach(entry -> config.set(entry.getKey(), entry.getValue()));
        SpecialTokens specialTokens = new SpecialTokens(tokenizer, config);
        Set<Integer> eosIds = eosIds(folder, config, specialTokens, files.eosIds());
        if (!files.templates().equals(folder)) {
            config.set(TEMPLATE, readIfThere(files.templates().resolve(CONFIG)).path(TEMPLATE));
        }
        return new Tokenizer(
                file, tokenizer, specialTokens, eosIds, ChatTemplate.find(files.templates(), config, chatTemplate));
    }

    /** The rule for what ends a completion; see {@link #eosIds()}. */
    private static Set<Integer> eosIds(
            Path folder, ObjectNode config, SpecialTokens specialTokens, List<Integer> ofModel) {
        Set<Integer> eosIds = new LinkedHashSet<>();
        String eosToken = SpecialTokens.spelling(config.path("eos_token"));
        if (!eosToken.isEmpty()) {
            eosIds.add(specialTokens
                    .idOf(eosToken)
                    .orElseThrow(() -> RpoException.configuration("Cannot use " + folder
                            + ": its eos_token " + eosToken + " is not in the vocabulary of tokenizer.json."
                            + " Correct eos_token in tokenizer_config.json.")));
        }
        ofModel.stream().filter(specialTokens::isAdded).forEach(eosIds::add);
        return Collections.unmodifiableSet(eosIds);
    }

    /** Ids of a text and nothing else. */
    public int[] encode(String text) {
        return this.text.encode(text);
    }

    /** Ids of a prompt: what the tokenizer puts before every text, such as BOS, and the text's. */
    public int[] encodePrompt(String text) {
        return TokenIds.concatenate(prefix, encode(text));
    }

    /** Ids that the tokenizer's post-processor puts before every text; often BOS alone, or nothing. */
    public int[] prefix() {
        return prefix.clone();
    }

    /** The text of ids, special tokens spelled out or left out. */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        return full().decode(ids, skipSpecialTokens);
    }

    /**
     * Ids that end a completion, in training as in generation: the tokenizer's {@code eos_token} first, where it has
     * one, then those that the model's files name. An id that stands for text, as a left-over default may, ends none.
     */
    public Set<Integer> eosIds() {
        return eosIds;
    }

    /** The id that ends a completion which brings none. */
    public OptionalInt eosId() {
        return eosIds.stream().mapToInt(Integer::intValue).findFirst();
    }

    /** Gives the template of conversations, where the folder has one. */
    public Optional<ChatTemplate> chatTemplate() {
        return chatTemplate;
    }

    /** Ids of what a chat template wrote, special tokens read as such and none added. */
    int[] encodeRendered(String rendered) {
        return full().encode(rendered);
    }

    SpecialTokens specialTokens() {
        return specialTokens;
    }

    /** The id of the special token that a text spells, and nothing else. */
    public OptionalInt specialTokenId(String text) {
        return specialTokens.spellings().contains(text) ? OptionalInt.of(specialTokens.id(text)) : OptionalInt.empty();
    }

    /** Tells whether a text spells a special token. */
    public boolean spellsSpecialToken(String text) {
        return specialTokens.spelledIn(text);
    }

    /** Tells whether ids that {@link #encode} gave show that the text was read as a special token after all. */
    boolean readsSpecialToken(int[] ids) {
        return Arrays.stream(ids).anyMatch(specialTokens::isNotText);
    }

    @Override
    public void close() {
        text.close();
        synchronized (this) {
            if (full != null) {
                full.close();
            }
        }
    }

    /** Loaded when first asked for: turning text into ids does without it. */
    private synchronized NativeTokenizer full() {
        if (full == null) {
            full = load(file, json);
        }
        return full;
    }

    private static NativeTokenizer load(Path file, String json) {
        try {
            return new NativeTokenizer(json);
        } catch (RuntimeException e) {
            throw new RpoException(
                    Kind.CONFIGURATION,
                    "Cannot load the tokenizer " + file + ": " + e.getMessage()
                            + ". Save it again with a current version of transformers.",
                    e);
        }
    }

    private static int[] prefixOf(NativeTokenizer tokenizer) {
        NativeTokenizer.Processed processed = tokenizer.encodeProcessed("a");
        int length = 0;
        while (length < processed.ids().length && processed.added()[length] == 1) {
            length++;
        }
        return Arrays.copyOf(processed.ids(), length);
    }

    private static ObjectNode readIfThere(Path file) {
        return Files.isRegularFile(file) ? read(file) : JSON.createObjectNode();
    }

    private static ObjectNode read(Path file) {
        try {
            if (JSON.readTree(file.toFile()) instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw unreadable(file, "it is not JSON (" + e.getOriginalMessage() + ")", e);
        } catch (IOException e) {
            throw unreadable(file, e.toString(), e);
        }
        throw unreadable(file, "it holds no JSON object", null);
    }

    private static RpoException unreadable(Path file, String why, Exception cause) {
        return new RpoException(
                Kind.CONFIGURATION, "Cannot read " + file + ": " + why + ". Copy the model folder again.", cause);
    }
}
