package replica

import "testing"

// TestReceives: MySQL 5.6 says Yes for the thread that receives while its source is still about to refuse it.
func TestReceives(t *testing.T) {
	var none *Status
	if none.receives() {
		t.Error("no status: receives")
	}
	for _, c := range []struct {
		io, sql, state string
		want           bool
	}{
		{"Yes", "Yes", "Waiting for master to send event", true},
		{"Yes", "Yes", "Waiting for source to send event", true},
		{"Yes", "Yes", "Queueing master event to the relay log", true},
		{"Yes", "Yes", "Waiting for the slave SQL thread to free enough relay log space", true},
		{"Yes", "Yes", "Checking master version", false},
		{"Yes", "Yes", "Registering replica on source", false},
		{"Yes", "Yes", "Requesting binlog dump", false},
		{"Yes", "Yes", "", false},
		{"Connecting", "Yes", "Connecting to source", false},
		{"Yes", "No", "Waiting for master to send event", false},
		{"No", "Yes", "", false},
	} {
		if got := (&Status{IO: c.io, SQL: c.sql, IOState: c.state}).receives(); got != c.want {
			t.Errorf("IO %s (%s), SQL %s: receives %t, want %t", c.io, c.state, c.sql, got, c.want)
		}
	}
}
