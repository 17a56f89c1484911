package ai.rpo.core.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The tokens of a vocabulary that steer the model and are not text: those marked special in tokenizer.json, and those
 * that tokenizer_config.json or special_tokens_map.json gives a part such as {@code eos_token}.
 */
final class SpecialTokens {

    private static final List<String> PARTS =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private static final Set<String> PIECEWISE_STEPS = Set.of("ByteLevel", "Digits", "Punctuation", "Split");

    private final ObjectNode tokenizer;
    private final Map<String, Integer> ids = new LinkedHashMap<>();
    private final Set<Integer> notText = new HashSet<>();
    private final Map<Character, List<String>> byFirstCharacter = new HashMap<>();
    private final BitSet firstCharacters = new BitSet();
    private final boolean partText;

    /**
     * @param tokenizer tokenizer.json
     * @param config tokenizer_config.json with special_tokens_map.json's entries where it lacks them
     */
    SpecialTokens(ObjectNode tokenizer, JsonNode config) {
        this.tokenizer = tokenizer;
        for (JsonNode token : tokenizer.path("added_tokens")) {
            if (token.path("special").asBoolean()) {
                ids.put(token.path("content").asText(), token.path("id").asInt());
            }
        }
        for (String spelling : namedIn(config)) {
            idOf(spelling).ifPresent(id -> ids.put(spelling, id));
        }
        notText.addAll(ids.values());
        // Characters outside the vocabulary are read as this token, so it says nothing about the spelling.
        unknownId().ifPresent(notText::remove);
        ids.keySet().stream().filter(spelling -> !spelling.isEmpty()).forEach(spelling -> byFirstCharacter
                .computeIfAbsent(spelling.charAt(0), first -> new ArrayList<>())
                .add(spelling));
        byFirstCharacter.keySet().forEach(firstCharacters::set);
        partText = worksOnPieces();
    }

    /** The id of a token by its spelling, special or not. */
    OptionalInt idOf(String spelling) {
        for (JsonNode token : tokenizer.path("added_tokens")) {
            if (token.path("content").asText().equals(spelling)) {
                return OptionalInt.of(token.path("id").asInt());
            }
        }
        JsonNode vocabulary = tokenizer.path("model").path("vocab");
        if (vocabulary.isObject()) {
            JsonNode id = vocabulary.get(spelling);
            return id == null ? OptionalInt.empty() : OptionalInt.of(id.asInt());
        }
        // A Unigram model lists [piece, score], the index being the id.
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.get(id).path(0).asText().equals(spelling)) {
                return OptionalInt.of(id);
            }
        }
        return OptionalInt.empty();
    }

    /** Tells whether an id is that of a token beside the text's own, special or not. */
    boolean isAdded(int id) {
        return ids.containsValue(id)
                || StreamSupport.stream(tokenizer.path("added_tokens").spliterator(), false)
                        .anyMatch(token -> token.path("id").asInt(-1) == id);
    }

    private OptionalInt unknownId() {
        JsonNode model = tokenizer.path("model");
        JsonNode unigramId = model.path("unk_id");
        return unigramId.isInt()
                ? OptionalInt.of(unigramId.asInt())
                : idOf(model.path("unk_token").asText(""));
    }

    /** Tells whether an id among a text's own shows that the text was read as a special token. */
    boolean isNotText(int id) {
        return notText.contains(id);
    }

    /** Tells whether a text spells a special token. */
    boolean spelledIn(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (spelledAt(text, i) != null) {
                return true;
            }
        }
        return false;
    }

    /** The longest special token that a text spells at a place, or null. */
    String spelledAt(String text, int place) {
        if (!firstCharacters.get(text.charAt(place))) {
            return null;
        }
        String longest = null;
        for (String spelling : byFirstCharacter.get(text.charAt(place))) {
            if (text.startsWith(spelling, place) && (longest == null || spelling.length() > longest.length())) {
                longest = spelling;
            }
        }
        return longest;
    }

    /** Tells whether the texts on both sides of a special token are tokenised without regard to each other. */
    boolean partText() {
        return partText;
    }

    /**
     * Known of BPE whose steps before it work on each piece between added tokens. Others may treat the beginning of the
     * whole text specially.
     */
    private boolean worksOnPieces() {
        Set<String> added = new HashSet<>();
        for (JsonNode token : tokenizer.path("added_tokens")) {
            if (token.path("lstrip").asBoolean()
                    || token.path("rstrip").asBoolean()
                    || token.path("single_word").asBoolean()) {
                return false;
            }
            added.add(token.path("content").asText());
        }
        return added.containsAll(ids.keySet())
                && tokenizer.path("model").path("type").asText().equals("BPE")
                && !tokenizer.hasNonNull("normalizer")
                && stepsOf(tokenizer.path("pre_tokenizer")).allMatch(PIECEWISE_STEPS::contains);
    }

    private static Stream<String> stepsOf(JsonNode preTokenizer) {
        String type = preTokenizer.path("type").asText();
        return type.equals("Sequence")
                ? StreamSupport.stream(preTokenizer.path("pretokenizers").spliterator(), false)
                        .flatMap(SpecialTokens::stepsOf)
                : Stream.of(type);
    }

    int id(String spelling) {
        return ids.get(spelling);
    }

    /** All spellings, in a fixed order. */
    List<String> spellings() {
        return List.copyOf(ids.keySet());
    }

    /**
     * The tokenizer.json of a tokenizer that gives every text the same ids, but knows no special token by its
     * spelling. One outside the model's own vocabulary is renamed to what no text spells rather than removed, since
     * the library numbers such tokens in their order.
     */
    ObjectNode withoutSpellings() {
        ObjectNode edited = tokenizer.deepCopy();
        ArrayNode kept = edited.putArray("added_tokens");
        JsonNode vocabulary = tokenizer.path("model").path("vocab");
        Set<String> inModel = new HashSet<>();
        if (vocabulary.isArray()) {
            vocabulary.forEach(piece -> inModel.add(piece.path(0).asText()));
        } else {
            vocabulary.fieldNames().forEachRemaining(inModel::add);
        }
        for (JsonNode token : tokenizer.path("added_tokens")) {
            String spelling = token.path("content").asText();
            if (!ids.containsKey(spelling)) {
                kept.add(token);
            } else if (!inModel.contains(spelling)) {
                ObjectNode renamed = token.deepCopy();
                renamed.put("content", "\uDBFF\uDFFD" + kept.size() + "\uDBFF\uDFFD");
                renamed.put("normalized", false);
                kept.add(renamed);
            }
        }
        return edited;
    }

    /** Spellings of the tokens that a configuration gives a part, by part. */
    static Map<String, String> namedParts(JsonNode config) {
        Map<String, String> parts = new LinkedHashMap<>();
        for (String part : PARTS) {
            String spelling = spelling(config.path(part));
            if (!spelling.isEmpty()) {
                parts.put(part, spelling);
            }
        }
        return parts;
    }

    private static Set<String> namedIn(JsonNode config) {
        Set<String> spellings = new HashSet<>(namedParts(config).values());
        config.path("additional_special_tokens").forEach(token -> spellings.add(spelling(token)));
        spellings.remove("");
        return spellings;
    }

    /** A token is written as its text, or as an object that holds the text as {@code content}. */
    static String spelling(JsonNode token) {
        return token.isObject() ? token.path("content").asText("") : token.asText("");
    }
}
