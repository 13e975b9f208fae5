package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestParentWithBlank compares and masks beside a foreign key to a table with a blank in its name, which MySQL 5.6 gives another name in
// information_schema.
func TestParentWithBlank(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL56)
	schema := s.Schema(t)
	dropAfter(t, s, schema+"_to")
	s.Exec(t, "USE "+schema, "CREATE TABLE `the parent` (id INT PRIMARY KEY)", "CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES `the parent` (id))",
		"INSERT INTO `the parent` VALUES (1)", "INSERT INTO child VALUES (1, 1)")
	to := []string{"-B", schema, "--schema-map", schema + "=" + schema + "_to"}
	mustRun(t, copyArgs(s, s, append(to, "--verify")...)...)
	key := filepath.Join(t.TempDir(), "key")
	writeFile(t, key, strings.Repeat("k", 32))
	r := runBinary(t, copyArgs(s, s, append(to, "--if-exists", "drop", "--mask", schema+".child.parent=hash", "--mask-key-file", key)...)...)
	if r.code != 1 || !strings.Contains(r.stderr, "foreign key") {
		t.Errorf("one side of a foreign key masked: exit code %d\n%s", r.code, r.stderr)
	}
}
