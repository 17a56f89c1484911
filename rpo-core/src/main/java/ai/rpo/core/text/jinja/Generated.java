package ai.rpo.core.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Is what Python's generators are: gone through once, without a length, and true whatever they hold. */
final class Generated {

    private List<Object> left;

    Generated(List<Object> items) {
        this.left = items;
    }

    /** The items that nobody has taken yet, which takes them. */
    List<Object> take() {
        List<Object> taken = left;
        left = List.of();
        return new ArrayList<>(taken);
    }
}
