package ai.rpo.core.text.jinja;

/**
 * The value of a name, attribute or item that is not there: empty and false, and an error in any other use.
 *
 * @param why what is missing, for that error
 */
record Undefined(String why) {}
