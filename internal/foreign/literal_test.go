package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

func show(row []Literal) string {
	var out []string
	for _, l := range row {
		out = append(out, fmt.Sprintf("%d%s%q", l.Form, l.Charset, l.Text))
	}
	return strings.Join(out, " ")
}

func TestDecodeRow(t *testing.T) {
	plain, bare, ansi := Dialect{}, Dialect{NoBackslashEscapes: true}, Dialect{ANSIQuotes: true}
	for _, c := range []struct {
		d         Dialect
		raw, want string // want empty: refused
	}{
		{plain, `()`, ""},
		{plain, `(1,-2.5e-3,+.5,NULL,null)`, `1"1" 1"-2.5e-3" 1"+.5" 0"" 0""`},
		{plain, "( 'a''b\\'c' ,\n\"d\"\"e'\" )", `2"a'b'c" 2"d\"e'"`},
		{plain, `('\0\b\n\r\t\Z\\\%\_\x')`, `2"\x00\b\n\r\t\x1a\\\\%\\_x"`},
		{bare, `('a\','b''\\')`, `2"a\\" 2"b'\\\\"`},
		{plain, `(0x00ff,X'4142',x'',0xabc,b'101',B'1010000011')`, `3"\x00\xff" 3"AB" 3"" 3"\n\xbc" 3"\x05" 3"\x02\x83"`},
		{plain, `(_binary 'a',_binary'b',_utf8mb4"c",N'd',_binary 0x41,_latin1 x'e9')`, `2binary"a" 2binary"b" 2utf8mb4"c" 2utf8"d" 3binary"A" 3latin1"\xe9"`},
		{plain, `(CONVERT("{\"a\":1}" USING UTF8MB4),CONVERT( _binary'x' using utf8 ),CONVERT(NULL USING UTF8MB4))`, `2utf8mb4"{\"a\":1}" 2utf8"x" 0""`},
		{plain, `(')','(',"),(")`, `2")" 2"(" 2"),("`},
		{ansi, `("a")`, "refused"}, {plain, `(a)`, "refused"}, {plain, `(1+1)`, "refused"}, {plain, `(SLEEP(1))`, "refused"},
		{plain, `(1,)`, "refused"}, {plain, `('a' 'b')`, "refused"}, {plain, `((1))`, "refused"}, {plain, `(0xzz)`, "refused"},
		{plain, `(-)`, "refused"}, {plain, `(1e)`, "refused"}, {plain, `(CONVERT('a',CHAR))`, "refused"}, {plain, `(@x)`, "refused"},
		{plain, `(b'12')`, "refused"}, {plain, `(_utf8 1)`, "refused"}, {plain, `(DEFAULT)`, "refused"}, {plain, `(0x)`, `3""`},
	} {
		n, _, _, end := c.d.RowEnd([]byte(c.raw), 0, 0, 0)
		if !end || n != len(c.raw) {
			t.Errorf("%s: ends at %d, %v", c.raw, n, end)
		}
		row, err := c.d.DecodeRow([]byte(c.raw), nil)
		switch {
		case c.want == "refused":
			if !errors.Is(err, ErrStatement) {
				t.Errorf("%s: got %s, %v, want a refusal", c.raw, show(row), err)
			}
		case err != nil || show(row) != c.want:
			t.Errorf("%s: got %s, %v, want %s", c.raw, show(row), err, c.want)
		}
	}
}

// TestRowEndInPieces finds the same end however the row comes in.
func TestRowEndInPieces(t *testing.T) {
	raw := []byte(`('a\'),("',"\"),(",CONVERT("\\" USING x),'',NULL,'''')`)
	for _, d := range []Dialect{{}, {NoBackslashEscapes: true}} {
		want, _, _, ok := d.RowEnd(raw, 0, 0, 0)
		if !ok {
			continue
		}
		pos, depth, quote, end := 0, 0, byte(0), false
		for n := 1; n <= len(raw) && !end; n++ {
			pos, depth, quote, end = d.RowEnd(raw[:n], pos, depth, quote)
		}
		if !end || pos != want {
			t.Errorf("%+v: %d, want %d", d, pos, want)
		}
	}
}

func FuzzDecodeRow(f *testing.F) {
	for _, s := range []string{`(1,'a\'b',NULL)`, `(0x41,_binary"x",CONVERT("a" USING utf8))`, `(`, `('`, `(x'`, `(_a`, `(CONVERT(`, `(0`, `(-`, `(n'`} {
		f.Add([]byte(s), false, false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, bare, ansi bool) {
		d := Dialect{NoBackslashEscapes: bare, ANSIQuotes: ansi}
		n, _, _, end := d.RowEnd(raw, 0, 0, 0)
		if !end {
			return
		}
		row, err := d.DecodeRow(bytes.Clone(raw[:n]), nil)
		size := 0
		for _, l := range row {
			size += len(l.Text)
		}
		if err == nil && size > n {
			t.Errorf("%q: %d bytes from %d", raw, size, n)
		}
	})
}

// TestLiteralsServers has servers say what literals stand for.
func TestLiteralsServers(t *testing.T) {
	literals := []string{`'a''b\'c"'`, `"d""e'"`, `'\0\b\n\r\t\Z\\\%\_\x'`, `0x00ff`, `X'4142'`, `0xabc`, `_binary 'a'`, `_binary'\0'`, `CONVERT("{\"a\"" USING utf8)`, `N'x'`, `''`}
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			for _, l := range literals {
				row, err := Dialect{}.DecodeRow([]byte("("+l+")"), nil)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(s.Query(t, "SELECT HEX("+l+")")[0][0], fmt.Sprintf("%X", row[0].Text)); diff != "" {
					t.Errorf("%s (-server +got): %s", l, diff)
				}
			}
		})
	}
}

func TestMain(m *testing.M) { testdb.Main(m) }
