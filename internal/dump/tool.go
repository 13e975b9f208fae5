package dump

// Version is gomove's own, as `gomove --version` and gomove.json have it.
const Version = "0.1.0"
