package loader

import (
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
	"github.com/gomove/gomove/transform"
)

// TestLoadRecastResumes pulls the plug on a load that masks: it goes on with the same masks and key, and with no others.
func TestLoadRecastResumes(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		key, err := transform.NewMaskKey([]byte("a key of this test"))
		if err != nil {
			t.Fatal(err)
		}
		other, err := transform.NewMaskKey([]byte("another key of this test"))
		if err != nil {
			t.Fatal(err)
		}
		h := &hooked{Reader: shop(schema, dump.CSV).write(t), onChunk: func(n int64, _ *dump.Chunk) error {
			if n == 4 {
				return errPull
			}
			return nil
		}}
		o := options(s, h)
		o.Threads = 1
		o.Selection.Masks, o.Selection.MaskKey = []string{schema + ".orders.note=hash"}, key
		o.Selection.ExcludeColumns = []string{schema + ".orders=data"}
		_, err = run(t, o)
		wantError(t, err, errPull)
		h.onChunk = nil
		second := o
		second.Selection.MaskKey = other
		_, err = run(t, second)
		wantError(t, err, ErrOtherDump, "mask-key")
		second = o
		second.Selection.ExcludeColumns = nil
		_, err = run(t, second)
		wantError(t, err, ErrOtherDump, "exclude-columns")
		sum, err := run(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if sum.ChunksSkipped != 3 {
			t.Errorf("summary %+v", sum)
		}
		db := s.DB(t)
		wantRows(t, db, schema+".orders", 3000)
		if n := count(t, db, "SELECT COUNT(DISTINCT note) FROM "+schema+".orders WHERE CHAR_LENGTH(note)=16 AND note NOT LIKE 'note%'"); n != 3000 {
			t.Errorf("%d masked values that differ, want 3000", n)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema='"+schema+"' AND table_name='orders'"); n != 3 {
			t.Errorf("%d columns, want 3", n)
		}
		noProgress(t, db)
	})
}

// TestRecastStatement shows how LOAD DATA passes over columns that are not moved, where no cell is masked.
func TestRecastStatement(t *testing.T) {
	packed, _ := packColumns([]dump.Column{{Name: "a", Encoding: dump.Plain}, {Name: "b", Encoding: dump.UTF8}, {Name: "c", Encoding: dump.Bytes}, {Name: "d", Encoding: dump.UTF8}})
	tab := &table{schema: "s", name: "t", recast: &recast{columns: unpackColumns(packed), kept: []int{0, 3}, masks: make([]*transform.Mask, 2)}}
	tab.columns, _ = packColumns([]dump.Column{{Name: "a", Encoding: dump.Plain}, {Name: "d", Encoding: dump.UTF8}})
	got := loadStatement(tab, "LOCAL INFILE 'x'")
	if want := "(`a`,@gone,@gone,@c4) SET `d`=CONVERT(@c4 USING utf8mb4)"; !strings.HasSuffix(got, want) {
		t.Errorf("%s\nlacks %s", got, want)
	}
}
