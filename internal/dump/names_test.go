package dump

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/store"
)

func TestBase(t *testing.T) {
	const alias = "gomove_000001"
	for _, c := range []struct{ name, schema, table, want string }{
		{"schema", "shop", "", "shop"},
		{"table", "shop", "orders", "shop.orders"},
		{"allowed signs", "a-b_c$1", "T9", "a-b_c$1.T9"},
		{"longest name", strings.Repeat("s", 64), strings.Repeat("t", 64), strings.Repeat("s", 64) + "." + strings.Repeat("t", 64)},
		{"dot", "shop", "a.b", "shop." + alias},
		{"slash", "shop", "../../etc/passwd", "shop." + alias},
		{"dot dot schema", "..", "", alias},
		{"not ASCII", "été", "", alias},
		{"space", "shop", "a b", "shop." + alias},
		{"leading dash", "-rf", "", alias},
		{"suffix of ours", "shop", "t-schema", "shop." + alias},
		{"suffix of ours inside", "shop", "t-SCHEMA-view", "shop." + alias},
		{"suffix of ours in a schema", "a-schema-create", "t", alias + ".t"},
		{"looks like an alias", "shop", "gomove_000001", "shop." + alias},
		{"looks like mydumper's", "shop", "mydumper_0", "shop." + alias},
		{"device", "CON", "t", alias + ".t"},
		{"device with number", "lpt1", "t", alias + ".t"},
		{"device as table", "shop", "con", "shop.con"},
		{"newline and NUL", "a\n\x00", "t", alias + ".t"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNames(ForGomove)
			for range 2 { // the second call gives the same
				got := n.base(c.schema, c.table)
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
				if err := store.CheckName(got + ".00000.csv.zst"); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestBaseForMyloader(t *testing.T) {
	for schema, want := range map[string]string{"été x": "été x", "a.b": "gomove_000001", "a`b": "gomove_000001", "a\nb": "gomove_000001", "x-schema": "gomove_000001"} {
		if got := newNames(ForMyloader).base(schema, ""); got != want {
			t.Errorf("%q: got %q, want %q", schema, got, want)
		}
	}
}

// TestBaseCollisions gives names that differ by case only, from many goroutines: no two bases may meet on a file system
// that folds case.
func TestBaseCollisions(t *testing.T) {
	n := newNames(ForGomove)
	var mu sync.Mutex
	owners := map[string]string{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				schema := []string{"shop", "Shop", "SHOP", "other"}[i%4]
				table := []string{"orders", "Orders", "é", "É", "a b", "t", "T"}[i%7]
				if i%5 == 0 {
					table = ""
				}
				base := strings.ToLower(n.base(schema, table))
				owner := fmt.Sprintf("%q %q", schema, table)
				mu.Lock()
				if old, ok := owners[base]; ok && old != owner {
					t.Errorf("%s is the base of %s and of %s", base, old, owner)
				}
				owners[base] = owner
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(owners) != 4*8 {
		t.Errorf("%d bases, want 32", len(owners))
	}
}
