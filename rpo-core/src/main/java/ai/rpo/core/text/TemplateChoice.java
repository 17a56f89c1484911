package ai.rpo.core.text;

import java.io.Serializable;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * Says how a model's conversations are written, where that is not left to its folder and to the clock.
 *
 * @param template Jinja or the name of one of the folder's templates, in place of its usual one; null for that
 * @param date what the template takes for today; null for the clock's
 */
public record TemplateChoice(String template, LocalDate date) implements Serializable {

    /** The folder's template, and today. */
    public static final TemplateChoice USUAL = new TemplateChoice(null, null);

    Optional<String> given() {
        return Optional.ofNullable(template);
    }

    /** Gives a clock that stands still on the date, where there is one. */
    Clock clock() {
        return date == null
                ? Clock.systemDefaultZone()
                : Clock.fixed(date.atStartOfDay().toInstant(ZoneOffset.UTC), ZoneOffset.UTC);
    }
}
