package ai.rpo.jobs.report;

import java.awt.Color;
import java.util.List;

/** The colours of a figure; the same as the page's, so that a figure has no frame of its own. */
enum Theme {
    LIGHT(0xFFFFFF, 0x1F2328, 0x59636E, 0xE4E7EB, 0xD9600D, 0x2563C9, 0x0F8A6E, 0x8250DF, 0xC2255C, 0x8A6D00),
    DARK(0x161B22, 0xE6EDF3, 0x9BA5B0, 0x2D343D, 0xFF9D57, 0x74A9FF, 0x45CFA9, 0xC297FF, 0xFF7EB0, 0xE3C04B);

    private final Color background;
    private final Color ink;
    private final Color muted;
    private final Color grid;
    private final List<Color> palette;

    Theme(int background, int ink, int muted, int grid, int... palette) {
        this.background = new Color(background);
        this.ink = new Color(ink);
        this.muted = new Color(muted);
        this.grid = new Color(grid);
        this.palette = java.util.Arrays.stream(palette).mapToObj(Color::new).toList();
    }

    Color background() {
        return background;
    }

    Color ink() {
        return ink;
    }

    Color muted() {
        return muted;
    }

    Color grid() {
        return grid;
    }

    Color series(int index) {
        return palette.get(Math.floorMod(index, palette.size()));
    }
}
