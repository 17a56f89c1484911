package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.RpoException;
import org.junit.jupiter.api.Test;

class JsonObjectTest {

    @Test
    void refusalsSayWhatToDo() {
        JsonObject object = JsonObject.parse("{\"layers\": 0}", "config.json");
        assertEquals(
                "Cannot use config.json: layers is 0, but must be a whole number from 1 to 2147483647."
                        + " Correct it there, or use another model.",
                assertThrows(RpoException.class, () -> object.positiveInt("layers"))
                        .getMessage());
        assertEquals(
                "Cannot use config.json: layers is 0, which is odd. Make it even.",
                object.refuse("layers", "which is odd", "Make it even").getMessage());
    }
}
