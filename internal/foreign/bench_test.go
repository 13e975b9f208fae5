package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/gomove/gomove/transform"
)

// BenchmarkInsertRows reads rows of INSERT statements and writes them as CSV.
func BenchmarkInsertRows(b *testing.B) {
	var text bytes.Buffer
	for i := 0; text.Len() < 8<<20; i++ {
		if i%2000 == 0 {
			text.WriteString("INSERT INTO `t` VALUES\n")
		}
		fmt.Fprintf(&text, "(%d,\"name \\\"%d\\\" of some length\",%d.25,\"2026-01-02 03:04:05\",NULL)%s\n", i, i*7919, i, map[bool]string{true: ";", false: ","}[i%2000 == 1999])
	}
	text.WriteString("(0,\"\",0,\"2026-01-02\",NULL);\n")
	table, err := NewTable("s", "t", []byte("CREATE TABLE `t` (`id` int, `n` varchar(60), `p` decimal(10,2), `d` datetime, `x` text) DEFAULT CHARSET=utf8mb4"), transform.Mode{}, "binary")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := table.Choose(nil); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	var r InsertReader
	var out []byte
	for b.Loop() {
		f := OpenInserts(io.NopCloser(bytes.NewReader(text.Bytes())), "f", "binary", table, &r, func(*InsertReader) error { return nil })
		out = out[:0]
		for {
			row, err := f.Row()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if out, err = table.AppendRow(out, row); err != nil {
				b.Fatal(err)
			}
			if len(out) > 1<<20 {
				out = out[:0]
			}
		}
	}
}
