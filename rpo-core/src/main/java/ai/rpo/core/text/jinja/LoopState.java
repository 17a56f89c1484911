package ai.rpo.core.text.jinja;

import java.util.List;

/** The variable {@code loop}. */
final class LoopState {

    private final List<Object> items;
    private int index;
    private Object lastChecked = new Undefined("nothing was checked yet");

    LoopState(List<Object> items) {
        this.items = items;
    }

    void moveTo(int newIndex) {
        index = newIndex;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> items.size() - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            // Of recursion, not of loops in loops.
            case "depth" -> 1L;
            case "depth0" -> 0L;
            case "previtem" -> index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
            case "nextitem" -> index + 1 < items.size() ? items.get(index + 1) : new Undefined("there is no next item");
            case "cycle" -> (Function) this::cycle;
            case "changed" -> (Function) this::changed;
            default -> new Undefined("loop has no attribute '" + name + "'");
        };
    }

    private Object cycle(Function.Passed arguments) {
        if (arguments.positional().isEmpty()) {
            throw new TemplateException("loop.cycle() needs an item");
        }
        return arguments.positional().get(index % arguments.positional().size());
    }

    private Object changed(Function.Passed arguments) {
        boolean changed = !Values.equal(lastChecked, arguments.positional());
        lastChecked = arguments.positional();
        return changed;
    }
}
