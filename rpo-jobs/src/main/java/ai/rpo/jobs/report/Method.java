package ai.rpo.jobs.report;

/** Names the ways of alignment that the online demo sets side by side. */
public enum Method {
    OFFLINE_DPO("offline DPO", false, false, false),
    OFFLINE_RPO("offline RPO", false, true, false),
    ONLINE_DPO("online DPO", true, false, false),
    ONLINE_RPO("online RPO", true, true, false),
    /** Learns online with several reward models. */
    ONLINE_RPO_ENSEMBLE("online RPO ×4", true, true, true);

    private final String title;
    private final boolean online;
    private final boolean regularized;
    private final boolean ensemble;

    Method(String title, boolean online, boolean regularized, boolean ensemble) {
        this.title = title;
        this.online = online;
        this.regularized = regularized;
        this.ensemble = ensemble;
    }

    public String title() {
        return title;
    }

    /** Tells whether the policy learns from its own answers, as a proxy rates them. */
    public boolean isOnline() {
        return online;
    }

    /** Tells whether η is above 0. */
    public boolean isRegularized() {
        return regularized;
    }

    /** Tells whether several reward models rate. */
    public boolean hasEnsemble() {
        return ensemble;
    }
}
