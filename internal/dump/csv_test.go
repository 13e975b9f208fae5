package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppendCSV(t *testing.T) {
	enc := []Encoding{Plain, Bytes, UTF8}
	for _, c := range []struct {
		name string
		row  Row
		want string
	}{
		{"plain and text", Row{[]byte("1"), []byte("ab"), []byte("[1]")}, `1,"ab","[1]"` + "\n"},
		{"null", Row{nil, nil, nil}, `\N,\N,\N` + "\n"},
		{"empty is not null", Row{[]byte("-0"), {}, {}}, `-0,"",""` + "\n"},
		{"escapes", Row{[]byte("0"), []byte("\\\"\x00\n\r\x1a"), []byte("'\t\b,")}, `0,"\\\"\0\n\r\Z","'` + "\t\b" + `,"` + "\n"},
		{"text that looks like null", Row{nil, []byte(`\N`), []byte("NULL")}, `\N,"\\N","NULL"` + "\n"},
		{"high bytes", Row{nil, []byte("\x80\x9a\x8d\x8a\xdc\xa2\xff\xa0\x22"), nil}, `\N,"` + "\x80\x9a\x8d\x8a\xdc\xa2\xff\xa0" + `\"",\N` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, string(AppendCSV(nil, c.row, enc))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEscapeEveryPlace puts every byte at every place of a word, alone and beside each special byte.
func TestEscapeEveryPlace(t *testing.T) {
	for place := range 19 {
		for b := range 256 {
			for _, other := range []byte("x\x00\x01\\\"\n\xff") {
				cell := bytes.Repeat([]byte{other}, 19)
				cell[place] = byte(b)
				got := appendEscaped([]byte("<"), cell, '"')
				if want := append([]byte("<"), slowEscaped(cell, '"')...); !bytes.Equal(got, want) {
					t.Fatalf("%q: got %q, want %q", cell, got, want)
				}
			}
		}
	}
}

// slowEscaped says byte by byte what appendEscaped must do.
func slowEscaped(b []byte, quote byte) []byte {
	var out []byte
	for _, c := range b {
		switch c {
		case 0:
			out = append(out, `\0`...)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case 0x1a:
			out = append(out, `\Z`...)
		case '\\', quote:
			out = append(out, '\\', c)
		default:
			out = append(out, c)
		}
	}
	return out
}

func TestEscapeLong(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{escapeBlock - 1, escapeBlock, escapeBlock + 1, 3*escapeBlock + 5} {
		cell := make([]byte, n)
		for i := range cell {
			cell[i] = byte(rnd.Uint32())
		}
		if !bytes.Equal(appendEscaped(nil, cell, '\''), slowEscaped(cell, '\'')) {
			t.Errorf("%d bytes: differs from the byte-wise escape", n)
		}
	}
}

// requireTwice reads the row, and reads it again.
func requireTwice(t *testing.T, r interface{ Read() (Row, error) }, row Row, text []byte) {
	t.Helper()
	for range 2 {
		got, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row, got); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a"), []byte(`\N`), []byte("\x00\"\\\n"), uint8(0))
	f.Add([]byte("NULL"), []byte(`""`), []byte(`",`), uint8(5))
	f.Fuzz(func(t *testing.T, a, b, c []byte, nulls uint8) {
		row := Row{a, b, c}
		for i := range row {
			if row[i] == nil {
				row[i] = []byte{}
			}
			if nulls&(1<<i) != 0 {
				row[i] = nil
			}
		}
		enc := []Encoding{Bytes, UTF8, Bytes}
		text := AppendCSV(AppendCSV(nil, row, enc), row, enc)
		if n := bytes.Count(text, []byte("\n")); n != 2 {
			t.Fatalf("%d lines for 2 rows: %q", n, text)
		}
		r := NewCSVReader(iotestOneByte{bytes.NewReader(text)}, 3, 1<<20)
		requireTwice(t, r, row, text)
		if _, err := r.Read(); !errors.Is(err, io.EOF) {
			t.Fatalf("after the last row: %v", err)
		}
	})
}

// FuzzCSVReader feeds the reader anything: it must end, and never give a row of another width. Rows that are there whole are decoded in another
// way than those that come in pieces, to the same cells and the same error.
func FuzzCSVReader(f *testing.F) {
	f.Add([]byte("1,\"a\"\n2,\\N\n"))
	f.Add([]byte("\"a\"\"b\",\"c\"d\"\n"))
	f.Add([]byte("\"\\N\",\"a\\N\"\nNULL,\"NULL\"\n\\Nx,\\\\\n\"\\\"\\n\",\"\\0\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := NewCSVReader(bytes.NewReader(text), 2, 1<<10)
		slow := NewCSVReader(iotestOneByte{bytes.NewReader(text)}, 2, 1<<10)
		for {
			row, err := r.Read()
			want, slowErr := slow.Read()
			if fmt.Sprint(err) != fmt.Sprint(slowErr) {
				t.Fatalf("%q: %v, in pieces %v", text, err, slowErr)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(want, row); diff != "" || len(row) != 2 {
				t.Fatalf("%q: %d cells, %s", text, len(row), diff)
			}
		}
	})
}

type iotestOneByte struct{ r io.Reader }

func (r iotestOneByte) Read(p []byte) (int, error) {
	if len(p) > 3 {
		p = p[:3]
	}
	return r.r.Read(p)
}

func TestCSVReaderReadsOtherWriters(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Row
	}{
		{"doubled quote", `"a""b",1` + "\n", Row{[]byte(`a"b`), []byte("1")}},
		{"quote inside", `"a"b",x"y"` + "\n", Row{[]byte(`a"b`), []byte(`x"y"`)}},
		{"bare newline in quotes", "\"a\nb\",2\n", Row{[]byte("a\nb"), []byte("2")}},
		{"escaped newline", "a\\\nb,2\n", Row{[]byte("a\nb"), []byte("2")}},
		{"bare NULL", "NULL,\"NULL\"\n", Row{nil, []byte("NULL")}},
		{"all escapes", `"\0\b\n\r\t\Z\x\\\"\'",\N` + "\n", Row{[]byte("\x00\b\n\r\t\x1ax\\\"'"), nil}},
		{"empty cells", ",\n", Row{[]byte{}, []byte{}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := NewCSVReader(strings.NewReader(c.text), 2, 1<<10).Read()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCSVReaderErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"too few", "1,2\n3\n", "csv line 2, byte 4: 1 columns in place of 2"},
		{"too many", "1,2,3\n", "csv line 1, byte 0: more than 2 columns"},
		{"cut", "1,2\n3,\"4", "csv line 2, byte 4: file ends inside a row: unexpected EOF"},
		{"cut before the newline", "1,2\n3,4", "csv line 2, byte 4: file ends inside a row: unexpected EOF"},
		{"too long", "1,\"" + strings.Repeat("x", 300<<10) + "\"\n", "csv line 1, byte 0: row is too long: more than 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewCSVReader(strings.NewReader(c.text), 2, 64<<10)
			var err error
			for err == nil {
				_, err = r.Read()
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
	boom := errors.New("boom")
	r := NewCSVReader(io.MultiReader(strings.NewReader("1,2\n3"), failing{boom}), 2, 100)
	_, _ = r.Read()
	if _, err := r.Read(); !errors.Is(err, boom) {
		t.Errorf("error of the reader below: got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func benchRow() (Row, []Encoding) {
	return Row{[]byte("123456"), []byte("9876543"), []byte("2024-05-06 07:08:09"), nil,
			[]byte("68487932199-96439406143-93774651418-41631865787-96406072701-20604855487-25459966574-28203206787-41238978918-19503783441"),
			[]byte("22195207048-70116052123-74140395089-76317954521-98694025897"), []byte("It's a \"quote\"\nand a line")},
		[]Encoding{Plain, Plain, Plain, Bytes, Bytes, Bytes, UTF8}
}

func TestCodecsDoNotAllocate(t *testing.T) {
	row, enc := benchRow()
	buf := make([]byte, 0, 1<<20)
	var sum RowHasher
	sum.Add(row)
	text := bytes.Repeat(AppendCSV(nil, row, enc), 3000)
	r := NewCSVReader(bytes.NewReader(text), len(row), 1<<20)
	for name, f := range map[string]func(){
		"AppendCSV":    func() { buf = AppendCSV(buf[:0], row, enc) },
		"AppendValues": func() { buf = AppendValues(buf[:0], row, enc) },
		"RowHasher":    func() { sum.Add(row) },
		"CSVReader": func() {
			if _, err := r.Read(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations per row", name, n)
		}
	}
}

func BenchmarkAppendCSV(b *testing.B)    { benchCodec(b, AppendCSV) }
func BenchmarkAppendValues(b *testing.B) { benchCodec(b, AppendValues) }

func benchCodec(b *testing.B, f func([]byte, Row, []Encoding) []byte) {
	row, enc := benchRow()
	buf := f(nil, row, enc)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = f(buf[:0], row, enc)
	}
}

func BenchmarkAppendCSVBinary(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	cell := make([]byte, 64<<10)
	for i := range cell {
		cell[i] = byte(rnd.Uint32())
	}
	row, enc := Row{cell}, []Encoding{Bytes}
	buf := AppendCSV(nil, row, enc)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		buf = AppendCSV(buf[:0], row, enc)
	}
}

func BenchmarkCSVReader(b *testing.B) {
	row, enc := benchRow()
	text := bytes.Repeat(AppendCSV(nil, row, enc), 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r := NewCSVReader(bytes.NewReader(text), len(row), 1<<20)
		for {
			if _, err := r.Read(); err != nil {
				break
			}
		}
	}
}

func BenchmarkRowHasher(b *testing.B) {
	row, enc := benchRow()
	b.SetBytes(int64(len(AppendCSV(nil, row, enc))))
	var sum RowHasher
	for b.Loop() {
		sum.Add(row)
	}
}
