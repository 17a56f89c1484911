package ai.rpo.jobs.report;

import java.util.List;

/**
 * Policies that were aligned offline and online, and what became of their gold reward.
 *
 * @param title of the page
 * @param lead one line below it
 * @param setup paragraphs on what was done, for readers who were not there
 * @param tracks every method with every seed
 */
public record OnlineComparison(String title, String lead, List<String> setup, List<Track> tracks) {

    public OnlineComparison {
        setup = List.copyOf(setup);
        tracks = List.copyOf(tracks);
    }

    /** Returns a method's tracks by seed. */
    List<Track> of(Method method) {
        return tracks.stream().filter(track -> track.method() == method).toList();
    }
}
