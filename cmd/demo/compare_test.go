package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

func TestReport(t *testing.T) {
	a := testdb.TableSum{Schema: "s", Table: "a", Rows: 2, Sum: "11"}
	changed := a
	changed.Sum = "12"
	asView := a
	asView.View = true
	objects := func(n int64) []testdb.ObjectCount { return []testdb.ObjectCount{{Kind: "views", Count: n}} }
	for _, tt := range []struct {
		name           string
		source, target content
		want           string
		differs        bool
	}{
		{"equal", content{[]testdb.TableSum{a}, objects(1)}, content{[]testdb.TableSum{a}, objects(1)}, "Everything is equal", false},
		{"another sum", content{[]testdb.TableSum{a}, nil}, content{[]testdb.TableSum{changed}, nil}, "NO", true},
		{"missing on the target", content{[]testdb.TableSum{a}, nil}, content{}, "missing", true},
		{"missing on the source", content{}, content{[]testdb.TableSum{a}, nil}, "missing", true},
		{"a view became a table", content{[]testdb.TableSum{asView}, nil}, content{[]testdb.TableSum{a}, nil}, "NO", true},
		{"a view is gone", content{[]testdb.TableSum{a}, objects(2)}, content{[]testdb.TableSum{a}, objects(1)}, "NO", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			err := report(&out, tt.source, tt.target)
			if errors.Is(err, errDiffers) != tt.differs || !strings.Contains(out.String(), tt.want) {
				t.Errorf("error %v, want differs=%v and %q in\n%s", err, tt.differs, tt.want, out.String())
			}
		})
	}
}
