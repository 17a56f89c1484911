package ai.rpo.core.text;

import ai.rpo.core.preference.Message;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.TemplateArguments;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.jinja.TemplateException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Renders conversations and turns what was rendered into ids, keeping apart the special tokens that the template writes
 * and those that a message only spells. While it is rendered, a spelling in a message is hidden behind one character
 * that no text has; it is put back piece by piece, each piece being the text between two of the template's tokens.
 */
final class ConversationText {

    /** The first of the characters, in a plane that is kept free for private use. */
    private static final int FIRST_HIDDEN = 0x100000;

    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final SpecialTokens specialTokens;
    private final List<String> spellings;
    private final Map<String, Object> arguments;
    private boolean hidSpelling;

    ConversationText(Tokenizer tokenizer, ChatTemplate template, TemplateArguments arguments) throws UnfitRowException {
        this.tokenizer = tokenizer;
        this.template = template;
        this.specialTokens = tokenizer.specialTokens();
        this.spellings = specialTokens.spellings();
        this.arguments = hideIn(arguments.named());
    }

    /** Tells whether a message that was rendered spells a special token. */
    boolean hidSpelling() {
        return hidSpelling;
    }

    String render(List<Message> messages, boolean addGenerationPrompt) throws UnfitRowException {
        List<Message> hidden = new ArrayList<>();
        for (Message message : messages) {
            requireKnownRole(message);
            hidden.add(new Message(hideIn(template.takesParts() ? message.fields() : withTextAlone(message))));
        }
        try {
            return template.render(hidden, addGenerationPrompt, arguments);
        } catch (TemplateException e) {
            throw new UnfitRowException(Reason.REFUSED_BY_TEMPLATE, e.getMessage());
        }
    }

    private void requireKnownRole(Message message) throws UnfitRowException {
        if (message.fields().get("role") instanceof String role && !template.knowsRole(role)) {
            throw new UnfitRowException(
                    Reason.UNKNOWN_ROLE,
                    "the role " + role + "; call it system, user, assistant or tool, or give a template that names it");
        }
    }

    /** Gives a message with the text that the parts of its content make up, for a template that takes text. */
    private static Map<String, Object> withTextAlone(Message message) throws UnfitRowException {
        if (!(message.fields().get("content") instanceof List<?> parts)) {
            return message.fields();
        }
        StringBuilder text = new StringBuilder();
        for (Object part : parts) {
            if (part instanceof String piece) {
                text.append(piece);
            } else if (part instanceof Map<?, ?> map && map.get("text") instanceof String piece) {
                text.append(piece);
            } else {
                Object type = part instanceof Map<?, ?> map ? map.get("type") : null;
                throw new UnfitRowException(
                        Reason.REFUSED_BY_TEMPLATE, "it takes text alone, but a message has a part of type " + type);
            }
        }
        Map<String, Object> fields = new LinkedHashMap<>(message.fields());
        fields.put("content", text.toString());
        return fields;
    }

    int[] encode(String field, String rendered) throws UnfitRowException {
        int[] ids = tokenizer.encodeRendered(rendered);
        if (!hidSpelling) {
            return ids;
        }
        // Tokenising by pieces is exact where it makes no difference while the spellings are hidden.
        if (!Arrays.equals(ids, inPieces(field, rendered, false))) {
            throw new UnfitRowException(Reason.SPELLS_SPECIAL_TOKEN, field);
        }
        return inPieces(field, rendered, true);
    }

    /**
     * The ids of a text that begins with the prompt: those of the prompt up to its last special token, and of what
     * follows that, where this is the same and saves tokenising the prompt again.
     *
     * @param promptIds of {@code prompt}
     */
    int[] encode(String field, String rendered, String prompt, int[] promptIds) throws UnfitRowException {
        if (hidSpelling || !specialTokens.partText()) {
            return encode(field, rendered);
        }
        int start = -1;
        int last = -1;
        for (int i = 0; i < prompt.length(); i++) {
            String special = specialTokens.spelledAt(rendered, i);
            if (special != null) {
                start = i;
                last = specialTokens.id(special);
                i += special.length() - 1;
            }
        }
        int kept = promptIds.length - 1;
        while (kept >= 0 && promptIds[kept] != last) {
            kept--;
        }
        return kept < 0
                ? encode(field, rendered)
                : TokenIds.concatenate(
                        Arrays.copyOf(promptIds, kept), tokenizer.encodeRendered(rendered.substring(start)));
    }

    private int[] inPieces(String field, String rendered, boolean shown) throws UnfitRowException {
        IntStream.Builder ids = IntStream.builder();
        int start = 0;
        for (int i = 0; i <= rendered.length(); i++) {
            String special = i == rendered.length() ? null : specialTokens.spelledAt(rendered, i);
            if (i < rendered.length() && special == null) {
                continue;
            }
            if (i > start) {
                String piece = rendered.substring(start, i);
                int[] text = tokenizer.encode(shown ? show(piece) : piece);
                if (tokenizer.readsSpecialToken(text)) {
                    throw new UnfitRowException(Reason.SPELLS_SPECIAL_TOKEN, field);
                }
                Arrays.stream(text).forEach(ids::add);
            }
            if (special != null) {
                ids.add(specialTokens.id(special));
                start = i + special.length();
                i = start - 1;
            }
        }
        return ids.build().toArray();
    }

    private Map<String, Object> hideIn(Map<?, ?> map) throws UnfitRowException {
        Map<String, Object> hidden = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            hidden.put(hideInText((String) entry.getKey()), hideInValue(entry.getValue()));
        }
        return hidden;
    }

    private Object hideInValue(Object value) throws UnfitRowException {
        if (value instanceof String text) {
            return hideInText(text);
        }
        if (value instanceof Map<?, ?> map) {
            return hideIn(map);
        }
        if (value instanceof List<?> list) {
            List<Object> hidden = new ArrayList<>();
            for (Object item : list) {
                hidden.add(hideInValue(item));
            }
            return hidden;
        }
        return value;
    }

    private String hideInText(String text) throws UnfitRowException {
        if (!tokenizer.spellsSpecialToken(text)) {
            return text;
        }
        if (text.codePoints().anyMatch(this::isHidden)) {
            throw new UnfitRowException(Reason.SPELLS_SPECIAL_TOKEN, "beside characters for private use");
        }
        hidSpelling = true;
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            String special = specialTokens.spelledAt(text, i);
            if (special == null) {
                out.append(text.charAt(i));
            } else {
                out.appendCodePoint(FIRST_HIDDEN + spellings.indexOf(special));
                i += special.length() - 1;
            }
        }
        return out.toString();
    }

    private String show(String piece) {
        StringBuilder out = new StringBuilder();
        piece.codePoints().forEach(c -> {
            if (isHidden(c)) {
                out.append(spellings.get(c - FIRST_HIDDEN));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.toString();
    }

    private boolean isHidden(int c) {
        return c >= FIRST_HIDDEN && c < FIRST_HIDDEN + spellings.size();
    }
}
