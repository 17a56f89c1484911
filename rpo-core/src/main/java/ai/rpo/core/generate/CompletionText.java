package ai.rpo.core.generate;

import ai.rpo.core.RpoException;
import ai.rpo.core.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Completions as text, and the stop strings that end them. The text of a completion is what follows that of its prompt,
 * with its leading space, up to a stop string, and without special tokens; one of these may be a stop string itself.
 */
public final class CompletionText implements StopRule {

    /** Tokens before the last that a stop string may share without spelling anything, such as special ones. */
    private static final int SLACK = 16;

    private final Tokenizer tokenizer;
    private final List<String> stops;
    private final Set<Integer> stopIds = new HashSet<>();
    private final int window;

    /**
     * @param stops none of them empty
     * @throws RpoException if one holds a special token and more, which no text of a completion does
     */
    public CompletionText(Tokenizer tokenizer, List<String> stops) {
        this.tokenizer = tokenizer;
        for (String stop : stops) {
            OptionalInt special = tokenizer.specialTokenId(stop);
            special.ifPresent(stopIds::add);
            if (special.isEmpty() && tokenizer.spellsSpecialToken(stop)) {
                throw RpoException.configuration("Cannot end completions at \"" + stop
                        + "\": it holds a special token and more, and the text of a completion has no special tokens."
                        + " Give the special token alone in rpo.generate.stop.");
            }
        }
        this.stops = List.copyOf(stops);
        int longest = stops.stream()
                .mapToInt(stop -> stop.getBytes(StandardCharsets.UTF_8).length)
                .max()
                .orElse(0);
        window = longest + SLACK; // a token spells at least one byte
    }

    @Override
    public boolean ends(int[] ids, int promptLength, int length) {
        if (stops.isEmpty()) {
            return false;
        }
        if (stopIds.contains(ids[length - 1])) {
            return true;
        }
        // The end alone is cheap to decode, but may begin inside a character, or inside the prompt.
        String end = tokenizer.decode(Arrays.copyOfRange(ids, Math.max(0, length - window), length), true);
        return stops.stream().anyMatch(end::contains)
                && firstStop(whole(ids, promptLength, length)).isPresent();
    }

    /** The text of a completion. */
    public String of(int[] prompt, Completion completion) {
        int[] ids = Arrays.copyOf(prompt, prompt.length + completion.ids().length);
        System.arraycopy(completion.ids(), 0, ids, prompt.length, completion.ids().length);
        int length = completion.reason() == FinishReason.EOS ? ids.length - 1 : ids.length;
        String text = whole(ids, prompt.length, length);
        return completion.reason() == FinishReason.STOP
                ? firstStop(text).map(at -> text.substring(0, at)).orElse(text)
                : text;
    }

    private String whole(int[] ids, int promptLength, int length) {
        String prompt = tokenizer.decode(Arrays.copyOf(ids, promptLength), true);
        String all = tokenizer.decode(Arrays.copyOf(ids, length), true);
        // Where the prompt ends inside a character, its text is no beginning of the whole.
        return all.startsWith(prompt)
                ? all.substring(prompt.length())
                : tokenizer.decode(Arrays.copyOfRange(ids, promptLength, length), true);
    }

    private Optional<Integer> firstStop(String text) {
        return stops.stream().map(text::indexOf).filter(at -> at >= 0).min(Comparator.naturalOrder());
    }
}
