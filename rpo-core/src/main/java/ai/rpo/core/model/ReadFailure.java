package ai.rpo.core.model;

import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** Says why a file could not be read, in words: several of the JDK's messages are only the file's name, or a number. */
final class ReadFailure {

    private ReadFailure() {}

    static String reason(Throwable e) {
        if (e instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (e instanceof AccessDeniedException) {
            return "this user may not read it";
        }
        return e instanceof CharacterCodingException ? "it is not text in UTF-8" : e.toString();
    }
}
