package dump

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestSpool: the listing of 1,000,000 chunks fits the memory that a dump may take.
func TestSpool(t *testing.T) {
	s, err := newSpool(ChunksName)
	if err != nil {
		t.Fatal(err)
	}
	const lines, all = 50_000, 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	sum := func() string { return RowSum{Hi: random.Uint64(), Lo: random.Uint64()}.String() }
	key := int64(0)
	bound := func() []string { return []string{hex.EncodeToString(strconv.AppendInt(nil, key, 10))} }
	for n := range lines {
		c := Chunk{Schema: "shop", Table: "order_lines", File: fmt.Sprintf("shop.order_lines.%05d.csv.zst", n), Number: n, FileSum: sum(), RowSum: sum()}
		c.Range.Lower = bound()
		key += 40_000 + random.Int64N(1000)
		c.Range.Upper = bound()
		c.Rows, c.Bytes, c.Stored = 40_000+random.Int64N(1000), 4<<20+random.Int64N(100), 1<<20+random.Int64N(300_000)
		text, err := marshalLine(&c)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.line(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	held := s.stored.held() * all / lines
	t.Logf("%d bytes of %d for a line; %d MB for %d chunks", s.stored.size/lines, s.size/lines, held/1e6, all)
	if held > 70e6 {
		t.Errorf("%d MB for %d chunks", held/1e6, all)
	}
	if err := s.copyTo(io.Discard); err != nil {
		t.Error(err)
	}
}
