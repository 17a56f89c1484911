package ai.rpo.core.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.text.Tokenizer;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CompletionTextTest {

    private Tokenizer tokenizer;

    @BeforeEach
    void open() throws URISyntaxException {
        tokenizer =
                Tokenizer.open(Path.of(Tokenizer.class.getResource("byte_level").toURI()));
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    @Test
    void aStopStringEndsACompletionAndIsCutOff() {
        CompletionText text = new CompletionText(tokenizer, List.of("stop"));
        int[] prompt = tokenizer.encode("go");
        int[] completion = tokenizer.encode(" on, stop");
        assertTrue(ends(text, prompt, completion));
        assertFalse(ends(text, prompt, tokenizer.encode(" on, st")));
        assertEquals(" on, ", text.of(prompt, new Completion(completion, FinishReason.STOP)));
    }

    @Test
    void aSpecialTokenEndsACompletionToo() {
        CompletionText text = new CompletionText(tokenizer, List.of("stop", "<|im_start|>"));
        int[] prompt = tokenizer.encode("go");
        int special = tokenizer.specialTokenId("<|im_start|>").orElseThrow();
        int[] completion = IntStream.concat(Arrays.stream(tokenizer.encode(" on")), IntStream.of(special))
                .toArray();
        assertTrue(ends(text, prompt, completion));
        assertFalse(ends(text, prompt, tokenizer.encode(" on")));
        assertEquals(" on", text.of(prompt, new Completion(completion, FinishReason.STOP)));
    }

    @Test
    void aSpecialTokenWithMoreIsRefused() {
        assertEquals(
                "Cannot end completions at \"<|im_start|>a\": it holds a special token and more, and the text of a"
                        + " completion has no special tokens. Give the special token alone in rpo.generate.stop.",
                assertThrows(RpoException.class, () -> new CompletionText(tokenizer, List.of("<|im_start|>a")))
                        .getMessage());
    }

    private static boolean ends(CompletionText text, int[] prompt, int[] completion) {
        int[] ids = IntStream.concat(Arrays.stream(prompt), Arrays.stream(completion))
                .toArray();
        return text.ends(ids, prompt.length, ids.length);
    }
}
