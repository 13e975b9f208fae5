package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestTorture is a small `make torture`: a fixed seed, every kind of fault, two pairs of servers.
func TestTorture(t *testing.T) {
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL56} {
		testdb.Require(t, k)
	}
	gomove := filepath.Join(t.TempDir(), "gomove")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", gomove, "../gomove")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build gomove: %v\n%s", err, out)
	}
	t.Run("directory", func(t *testing.T) {
		if err := run(t.Context(), []string{"--gomove", gomove, "--seed", "4", "--faults", "24", "--rows", "150", "--servers", "mysql56:mariadb,mariadb:mysql56"}); err != nil {
			t.Error(err)
		}
	})
	t.Run("bucket", func(t *testing.T) {
		if !testdb.S3Installed() {
			testdb.StartS3(t) // it skips, or fails in CI
		}
		if err := run(t.Context(), []string{
			"--gomove", gomove, "--s3", "--move", "files", "--seed", "7", "--faults", "3", "--rows", "60", "--servers", "mysql56:mariadb", "--only", "kill,s3-cut,s3-stall",
		}); err != nil {
			t.Error(err)
		}
	})
}

// TestCompare shows that the comparison sees each kind of damage.
func TestCompare(t *testing.T) {
	row := func(b byte) [32]byte { return [32]byte{b} }
	source := &content{
		rows: map[string]map[[32]byte]int{"t": {row(1): 1, row(2): 2}}, next: map[string]string{"t": "9"},
		objects: []testdb.ObjectCount{{Kind: "views", Count: 2}},
	}
	for _, tt := range []struct {
		name   string
		rows   map[[32]byte]int
		next   string
		views  int64
		want   difference
		saying string
	}{
		{"equal", map[[32]byte]int{row(1): 1, row(2): 2}, "9", 2, difference{}, ""},
		{"lost", map[[32]byte]int{row(1): 1, row(2): 1}, "9", 2, difference{lost: 1}, "1 rows lost"},
		{"doubled", map[[32]byte]int{row(1): 3, row(2): 2}, "9", 2, difference{doubled: 2}, "2 doubled"},
		{"altered", map[[32]byte]int{row(1): 1, row(2): 1, row(3): 1}, "9", 2, difference{lost: 1, altered: 1}, "1 that the source has not"},
		{"counter", map[[32]byte]int{row(1): 1, row(2): 2}, "8", 2, difference{}, "AUTO_INCREMENT"},
		{"object", map[[32]byte]int{row(1): 1, row(2): 2}, "9", 1, difference{}, "views"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := compare(source, &content{
				rows: map[string]map[[32]byte]int{"t": tt.rows}, next: map[string]string{"t": tt.next},
				objects: []testdb.ObjectCount{{Kind: "views", Count: tt.views}},
			})
			if got.lost != tt.want.lost || got.doubled != tt.want.doubled || got.altered != tt.want.altered ||
				got.any() != (tt.saying != "") || !strings.Contains(strings.Join(got.what, "\n"), tt.saying) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
