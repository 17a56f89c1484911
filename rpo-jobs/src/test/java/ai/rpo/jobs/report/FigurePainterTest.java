package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FigurePainterTest {

    /** With a single name XChart once looked for a grid without end. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 8, 13, 40})
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void placesMayBeNamed(int places) throws IOException {
        List<String> names =
                IntStream.range(0, places).mapToObj(i -> "round " + i).toList();
        Curve curve = new Curve(
                "",
                0,
                Curve.Look.LINE,
                IntStream.range(0, places).mapToObj(i -> Curve.Point.at(i, i)).toList());
        Figure figure = new Figure("f", "Title", "Caption", "round", "y", names, List.of(curve));
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(FigurePainter.png(figure, Theme.LIGHT)));
        assertEquals(2 * FigurePainter.WIDTH, image.getWidth());
    }

    static Stream<List<String>> names() {
        return Stream.of(
                List.of("one"),
                List.of("offline DPO", "offline RPO", "online DPO", "online RPO", "online RPO ×4"),
                IntStream.range(0, 7)
                        .mapToObj(i -> "online RPO, an ensemble of " + i)
                        .toList());
    }

    /** Names of curves once ran out of the picture. */
    @ParameterizedTest
    @MethodSource("names")
    void nothingIsCutOffAtTheSides(List<String> names) throws IOException {
        List<Curve> named = IntStream.range(0, names.size())
                .mapToObj(i -> new Curve(
                        names.get(i),
                        i,
                        Curve.Look.LINE,
                        List.of(Curve.Point.at(0, -0.0625), Curve.Point.at(2.5, i / 16.0))))
                .toList();
        Figure figure = new Figure("f", "Title", "Caption", "x", "y", List.of(), named);
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(FigurePainter.png(figure, Theme.LIGHT)));
        int background = Theme.LIGHT.background().getRGB();
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x : new int[] {0, 1, image.getWidth() - 2, image.getWidth() - 1}) {
                assertEquals(background, image.getRGB(x, y), x + ", " + y);
            }
        }
    }
}
