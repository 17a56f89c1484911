package ai.rpo.spark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.RpoException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SetterNamesTest {

    @ParameterizedTest
    @CsvSource({
        "Lower rpo.data.max-length., Lower data.maxLength.",
        "Set rpo.data.fields.ignored or rpo.data.on-straddle, Set data.fields.ignored or data.onStraddle",
        "Lower rpo.train.tokens-per-micro-batch, Lower training.tokensPerMicroBatch",
        "Correct rpo.model.chat-template., Correct chatTemplate.",
        "leave out rpo.generate.stop., leave out rpo.generate.stop.",
        "of rpo.data, of rpo.data"
    })
    void keysBecomeSetters(String said, String named) {
        assertEquals(named, SetterNames.of(said));
    }

    @Test
    void whatWentWrongStaysOfItsKind() {
        RpoException thrown = assertThrows(
                RpoException.class,
                () -> SetterNames.in(() -> {
                    throw RpoException.data("too many, more than rpo.data.max-rejected-fraction = 0.5");
                }));

        assertEquals(RpoException.Kind.DATA, thrown.kind());
        assertEquals("too many, more than data.maxRejectedFraction = 0.5", thrown.getMessage());
    }
}
