package testdb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestQuery reads under settings that would change what a client sees.
func TestQuery(t *testing.T) {
	for _, k := range All() {
		t.Run(string(k), func(t *testing.T) {
			s := Start(t, k, WithArgs("--sql-mode=PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT", "--default-time-zone=+09:00", "--character-set-server=ucs2"))
			schema := s.Schema(t)
			s.Exec(t, "SET NAMES utf8mb4", "CREATE TABLE "+schema+".t (c CHAR(9), n INT, ts TIMESTAMP NULL)", "INSERT INTO "+schema+".t VALUES ('é😀',NULL,FROM_UNIXTIME(86400))")
			want := [][]string{{"é😀", Null, "1970-01-02 00:00:00", "1"}}
			if diff := cmp.Diff(want, s.Query(t, "SELECT c, n, ts, 1||0 FROM "+schema+".t")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
