package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0|0
            -3|−3
            12345678|12,345,678
            0.69314718|0.693
            -12.3456|−12.35
            123456.7|123,457
            0.0003|3.00e−04
            NaN|not a number
            -Infinity|−∞
            """)
    void formats(double value, String expected) {
        assertEquals(expected, Numbers.format(value));
    }

    @Test
    void namesDurations() {
        assertEquals("41.5 s", Numbers.seconds(41.5));
        assertEquals("2 min 05 s", Numbers.seconds(125));
        assertEquals("3 h 01 min", Numbers.seconds(3 * 3600 + 61));
    }
}
