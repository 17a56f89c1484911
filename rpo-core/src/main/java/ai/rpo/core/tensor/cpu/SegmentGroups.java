package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.Segment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Segments by the rows they touch: no row belongs to two groups, so groups can be worked on at the same time. */
final class SegmentGroups {

    private SegmentGroups() {}

    static List<List<Segment>> of(List<Segment> segments) {
        List<Segment> sorted = segments.stream()
                .filter(segment -> segment.length() > 0)
                .sorted(Comparator.comparingInt(SegmentGroups::firstRow))
                .toList();
        List<List<Segment>> groups = new ArrayList<>();
        int end = Integer.MIN_VALUE;
        for (Segment segment : sorted) {
            if (groups.isEmpty() || firstRow(segment) >= end) {
                groups.add(new ArrayList<>());
            }
            groups.get(groups.size() - 1).add(segment);
            end = Math.max(end, endRow(segment));
        }
        return groups;
    }

    static int firstRow(Segment segment) {
        return segment.prefixLength() == 0 ? segment.start() : Math.min(segment.start(), segment.prefixStart());
    }

    static int endRow(Segment segment) {
        return Math.max(segment.start() + segment.length(), segment.prefixStart() + segment.prefixLength());
    }
}
