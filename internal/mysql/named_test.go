package mysql

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

func TestQueryNamed(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		c := session(t, connect(t, optionsOf(s), ForDump))
		rows, err := QueryNamed(t.Context(), c, "SELECT 1 AS Number, NULL AS `None at all`, '' AS Nothing UNION ALL SELECT 2, x'00ff', 'b'")
		if err != nil {
			t.Fatal(err)
		}
		want := []Named{{"number": []byte("1"), "none at all": nil, "nothing": {}}, {"number": []byte("2"), "none at all": {0, 0xff}, "nothing": []byte("b")}}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Error(diff)
		}
		if got := rows[1].First("other", "nothing", "number") + rows[0].First("none at all", "number") + rows[0].First("other"); got != "b" {
			t.Errorf("first: %q", got)
		}
		if rows, err := QueryNamed(t.Context(), c, "SELECT 1 AS a FROM DUAL WHERE 1=0"); err != nil || len(rows) != 0 {
			t.Errorf("no rows: %v, %v", rows, err)
		}
		if _, err := QueryNamed(t.Context(), c, "SELECT nothing"); Number(err) != 1054 {
			t.Errorf("an unknown column: %v", err)
		}
	})
}

func TestNameSet(t *testing.T) {
	onEach(t, func(t *testing.T, s *testdb.Server) {
		c := session(t, connect(t, optionsOf(s), ForDump))
		const q = "SELECT 'Abc' UNION ALL SELECT NULL UNION ALL SELECT 'ABC'"
		names, err := Column(t.Context(), c, q)
		if diff := cmp.Diff([]string{"Abc", "", "ABC"}, names); diff != "" || err != nil {
			t.Error(err, diff)
		}
		set, err := NameSet(t.Context(), c, q)
		if diff := cmp.Diff(map[string]bool{"abc": true, "": true}, set); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if _, err := Column(t.Context(), c, "SELECT nothing"); Number(err) != 1054 {
			t.Errorf("an unknown column: %v", err)
		}
	})
}
