package ai.rpo.core.text.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Python's {@code strftime}, in English. */
final class TimeText {

    private TimeText() {}

    static String format(String format, LocalDateTime time) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            char directive = format.charAt(++i);
            boolean unpadded = directive == '-' && i + 1 < format.length();
            if (unpadded) {
                directive = format.charAt(++i);
            }
            String text = directive == '%' ? "%" : time.format(formatter(directive));
            out.append(unpadded ? text.replaceFirst("^0+(?=.)", "") : text);
        }
        return out.toString();
    }

    private static DateTimeFormatter formatter(char directive) {
        String pattern =
                switch (directive) {
                    case 'd' -> "dd";
                    case 'm' -> "MM";
                    case 'Y' -> "uuuu";
                    case 'y' -> "uu";
                    case 'b' -> "MMM";
                    case 'B' -> "MMMM";
                    case 'a' -> "EEE";
                    case 'A' -> "EEEE";
                    case 'H' -> "HH";
                    case 'I' -> "hh";
                    case 'M' -> "mm";
                    case 'S' -> "ss";
                    case 'p' -> "a";
                    case 'j' -> "DDD";
                    case 'F' -> "uuuu-MM-dd";
                    case 'T' -> "HH:mm:ss";
                    default -> throw new TemplateException("strftime_now does not know %" + directive);
                };
        return DateTimeFormatter.ofPattern(pattern, Locale.US);
    }
}
