package ai.rpo.core.text.jinja;

import java.util.List;

/**
 * Keys, values or items of a dictionary, which have a length but no places.
 *
 * @param name as Python prints it, such as {@code dict_keys}
 */
record View(String name, List<Object> items) {}
