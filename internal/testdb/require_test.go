package testdb

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRequire runs itself where MySQL 9.7 is not installed and looks at how the test ends.
func TestRequire(t *testing.T) {
	if os.Getenv("TESTDB_REQUIRE") == "1" {
		Require(t, MySQL97)
		return
	}
	for _, tt := range []struct {
		name        string
		env         []string
		unavailable bool
		want        string
	}{
		{"skips on a bare machine", nil, false, "SKIPPED, NOT TESTED: mysql97"},
		{"fails in CI", []string{"CI=true"}, false, "REQUIRED"},
		{"skips in CI where the set-up says that it cannot be had", []string{"CI=true"}, true, "SKIPPED, NOT TESTED: mysql97"},
		{"fails when told", []string{"GOMOVE_REQUIRE_SERVERS=1"}, true, "REQUIRED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cache := t.TempDir()
			if tt.unavailable {
				if err := os.WriteFile(filepath.Join(cache, "mysql97.unavailable"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^TestRequire$")
			cmd.Env = append(os.Environ(), "TESTDB_REQUIRE=1", "CI=", "GOMOVE_REQUIRE_SERVERS=", "GOMOVE_TESTDB="+cache)
			cmd.Env = append(cmd.Env, tt.env...)
			out, err := cmd.CombinedOutput()
			if !strings.Contains(string(out), tt.want) || !strings.Contains(string(out), "make setup") || (err != nil) != (tt.want == "REQUIRED") {
				t.Errorf("%v, want %q in\n%s", err, tt.want, out)
			}
		})
	}
}
