package ai.rpo.jobs.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One value of a configuration as a Java value, more strictly than Typesafe Config, which reads 2.7 as the integer 2. */
final class Values {

    /** Says what a value must be and what it is, without its key. */
    static final class Unreadable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unreadable(String message) {
            super(message);
        }
    }

    private Values() {}

    /**
     * @param type int, long, double, boolean, String, an enum, an Optional of one of those, an OptionalInt, a List of
     *     String, or a Map from names to String
     * @throws Unreadable if the value is not of that type
     * @throws ConfigException if there is a section where a value belongs, or the other way round
     */
    static Object read(Config config, String key, Type type) {
        boolean isNull = config.getIsNull(key);
        if (type instanceof ParameterizedType generic && generic.getRawType() == Optional.class) {
            return isNull ? Optional.empty() : Optional.of(read(config, key, generic.getActualTypeArguments()[0]));
        }
        if (type == OptionalInt.class) {
            return isNull ? OptionalInt.empty() : OptionalInt.of((int) read(config, key, int.class));
        }
        if (type instanceof ParameterizedType generic && generic.getRawType() == List.class) {
            return isNull ? List.of() : texts(config, key);
        }
        if (type instanceof ParameterizedType generic && generic.getRawType() == Map.class) {
            return isNull ? Map.of() : named(config.getObject(key), "");
        }
        if (isNull) {
            throw new Unreadable("has no value" + KnownKeys.from(nullAt(config, key)));
        }
        if (type instanceof Class<?> plain && plain.isEnum()) {
            return choice(config, key, plain);
        }
        return switch (type.getTypeName()) {
            case "int" -> (int) whole(config, key, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case "long" -> whole(config, key, Long.MIN_VALUE, Long.MAX_VALUE);
            case "double", "java.lang.Double" -> number(config, key).doubleValue();
            case "boolean" -> flag(config, key);
            case "java.lang.String" -> text(config, key);
            default -> throw new IllegalStateException("no way to read a " + type + " from " + key);
        };
    }

    /** Config hands out no null, but its objects do, with their origin. */
    private static ConfigValue nullAt(Config config, String key) {
        int dot = key.lastIndexOf('.');
        return config.getObject(key.substring(0, dot)).get(key.substring(dot + 1));
    }

    private static BigDecimal number(Config config, String key) {
        try {
            return new BigDecimal(config.getString(key).strip());
        } catch (NumberFormatException | ConfigException.WrongType e) {
            throw unreadable("must be a number", config, key);
        }
    }

    private static long whole(Config config, String key, long least, long most) {
        BigDecimal number;
        try {
            number = number(config, key);
        } catch (Unreadable e) {
            throw unreadable("must be a whole number", config, key);
        }
        if (number.stripTrailingZeros().scale() > 0) {
            throw unreadable("must be a whole number", config, key);
        }
        if (number.compareTo(BigDecimal.valueOf(least)) < 0 || number.compareTo(BigDecimal.valueOf(most)) > 0) {
            throw unreadable("must lie between " + least + " and " + most, config, key);
        }
        return number.longValue();
    }

    private static boolean flag(Config config, String key) {
        try {
            return config.getBoolean(key);
        } catch (ConfigException.WrongType e) {
            throw unreadable("must be true or false", config, key);
        }
    }

    private static String text(Config config, String key) {
        String text;
        try {
            text = config.getString(key);
        } catch (ConfigException.WrongType e) {
            throw unreadable("must be text", config, key);
        }
        if (text.isBlank()) {
            throw new Unreadable("must not be empty" + KnownKeys.from(config.getValue(key)));
        }
        return text;
    }

    /** One text may stand for a list of one. */
    private static List<String> texts(Config config, String key) {
        boolean list = config.getValue(key).valueType() == ConfigValueType.LIST;
        List<String> texts = new ArrayList<>();
        try {
            texts.addAll(list ? config.getStringList(key) : List.of(config.getString(key)));
        } catch (ConfigException.WrongType e) {
            throw unreadable("must be text or a list of texts", config, key);
        }
        if (texts.stream().anyMatch(String::isEmpty)) { // a text of blanks may end a completion
            throw unreadable("must have no empty text in it", config, key);
        }
        return List.copyOf(texts);
    }

    /** Texts by name; a name may have dots in it, which make sections of it. */
    private static Map<String, String> named(ConfigObject section, String before) {
        Map<String, String> texts = new TreeMap<>();
        section.forEach((name, value) -> {
            if (value instanceof ConfigObject object) {
                texts.putAll(named(object, before + name + "."));
            } else if (value instanceof ConfigList || value.unwrapped() == null) {
                throw new Unreadable("must have one text for " + before + name + KnownKeys.from(value));
            } else {
                texts.put(before + name, String.valueOf(value.unwrapped()));
            }
        });
        return texts;
    }

    private static Object choice(Config config, String key, Class<?> type) {
        String given = config.getValue(key).valueType() == ConfigValueType.STRING ? config.getString(key) : null;
        for (Object constant : type.getEnumConstants()) {
            if (spelled(constant).equals(given)) {
                return constant;
            }
        }
        String choices =
                Arrays.stream(type.getEnumConstants()).map(Values::spelled).collect(Collectors.joining(", "));
        throw unreadable("must be one of " + choices, config, key);
    }

    private static Unreadable unreadable(String must, Config config, String key) {
        ConfigValue value = config.getValue(key);
        String given = value.render(ConfigRenderOptions.concise());
        return new Unreadable(must + ", but is " + given + KnownKeys.from(value));
    }

    /** Spells a value as configuration does; equal values have equal spellings, {@code 1e-4} and {@code 0.0001} too. */
    static String spelled(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
        if (value instanceof Optional<?> optional) {
            return optional.map(Values::spelled).orElse("");
        }
        if (value instanceof OptionalInt optional) {
            return optional.isPresent() ? String.valueOf(optional.getAsInt()) : "";
        }
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(entry -> entry.getKey() + " = " + entry.getValue())
                    .collect(Collectors.joining(", "));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Values::spelled).collect(Collectors.joining(", "));
        }
        return String.valueOf(value);
    }
}
