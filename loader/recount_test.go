package loader

import (
	"testing"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
	"github.com/gomove/gomove/transform"
)

// TestLoadCountsWhatItTookOver deletes rows of a chunk that an interrupted run has loaded: the next run must not end as if all were there.
func TestLoadCountsWhatItTookOver(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		h := &hooked{Reader: shop(schema, dump.CSV).write(t), onChunk: func(n int64, _ *dump.Chunk) error {
			if n == 4 {
				return errPull
			}
			return nil
		}}
		o := options(s, h)
		o.Threads = 1
		_, err := run(t, o)
		wantError(t, err, errPull)
		s.Exec(t, "DELETE FROM "+schema+".orders ORDER BY id LIMIT 2")
		h.onChunk = nil
		_, err = run(t, o)
		wantError(t, err, ErrDiffers, "orders", "2,998 rows, the dump has 3,000;")
	})
}

// TestLoadRefusesMapOfNothing misspells a map: the load must not go into the schema that the map was to spare.
func TestLoadRefusesMapOfNothing(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		o := options(s, shop(schema, dump.CSV).write(t))
		o.Names = transform.Names{Schemas: map[string]string{schema + "x": schema + "y"}}
		o.IfExists = ExistsDrop
		_, err := run(t, o)
		wantError(t, err, nil, "--schema-map", schema+"x")
		if n := count(t, s.DB(t), "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='"+schema+"'"); n != 0 {
			t.Errorf("%d tables were made", n)
		}
	})
}

// TestLoadKeepsDefinersInSilence reports no definer as replaced that was kept.
func TestLoadKeepsDefinersInSilence(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		o := options(s, shop(freshSchema(t, s), dump.CSV).write(t))
		o.Definer = transform.Definer{Action: transform.KeepDefiner}
		o.DryRun = true
		sum, err := run(t, o)
		must(t, err)
		if len(sum.Definers) != 0 {
			t.Errorf("reported %v", sum.Definers)
		}
	})
}
