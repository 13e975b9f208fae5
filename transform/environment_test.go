package transform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEnvironmentSQL has a script of the environment's own give the same environment.
func TestEnvironmentSQL(t *testing.T) {
	for _, script := range []string{
		"",
		"SET NAMES latin1",
		"SET NAMES utf8mb4 COLLATE utf8mb4_bin; SET sql_mode=''; SET time_zone='+01:00'",
		"/*!40101 SET @a=@@sql_mode, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ANSI_QUOTES' */; SET character_set_client = cp850; SET collation_connection = 'latin1_bin'",
		"SET @old=@@time_zone; SET time_zone='+00:00'; SET time_zone=@old",
	} {
		e := NewEnvironment()
		for stmt := range strings.SplitSeq(script, "; ") {
			if stmt == "" {
				continue
			}
			if err := e.Set([]byte(stmt), Mode{}); err != nil {
				t.Fatalf("%s: %v", stmt, err)
			}
		}
		again := NewEnvironment()
		for stmt := range strings.SplitSeq(strings.TrimSuffix(e.SQL(), "; "), "; ") {
			if stmt == "" {
				continue
			}
			if err := again.Set([]byte(stmt), Mode{}); err != nil {
				t.Fatalf("%s: %v", stmt, err)
			}
		}
		want := map[string]string{}
		for name, value := range e.Vars {
			if value != "" || name == VarMode {
				want[name] = value
			}
		}
		if diff := cmp.Diff(want, again.Vars); diff != "" {
			t.Errorf("%s: by %s (-want +got):\n%s", script, e.SQL(), diff)
		}
	}
}
