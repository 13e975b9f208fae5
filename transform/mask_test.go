package transform

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// maskKey is a key for tests.
func maskKey(t testing.TB, secret string) *MaskKey {
	t.Helper()
	k, err := NewMaskKey([]byte(secret + "0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mask(t testing.TB, method string, k *MaskKey, c MaskedColumn) *Mask {
	t.Helper()
	m, err := ParseMask(method)
	if err != nil {
		t.Fatal(err)
	}
	out, err := NewMask(m, k, c)
	if err != nil {
		t.Fatalf("%s of %s: %v", method, c.ColumnType, err)
	}
	return out
}

func masked(t testing.TB, m *Mask, cell string) string {
	t.Helper()
	out, err := m.Apply([]byte(cell))
	if err != nil {
		t.Fatalf("%s of %q: %v", m.Method, cell, err)
	}
	return string(out)
}

// TestMaskIntegers shows that hash and digits are one to one over whole types and give a value the same number in all of them.
func TestMaskIntegers(t *testing.T) {
	k := maskKey(t, "a")
	for _, method := range []string{"hash", "digits"} {
		for _, c := range []struct {
			typ    string
			lo, hi int
		}{{"tinyint(4)", -128, 127}, {"tinyint unsigned", 0, 255}, {"smallint", -32768, 32767}} {
			m := mask(t, method, k, MaskedColumn{ColumnType: c.typ, Unique: true})
			wide := mask(t, method, k, MaskedColumn{ColumnType: "bigint(20)"})
			seen := map[string]bool{}
			changed := 0
			for n := c.lo; n <= c.hi; n += 1 + (c.hi-c.lo)/3000 {
				in := strconv.Itoa(n)
				out := masked(t, m, in)
				v, err := strconv.Atoi(out)
				if err != nil || v < c.lo || v > c.hi || seen[out] {
					t.Fatalf("%s of %s %s gives %s", method, c.typ, in, out)
				}
				if method == "digits" && len(out) != len(in) {
					t.Fatalf("digits of %s gives %s", in, out)
				}
				if masked(t, wide, in) != out {
					t.Fatalf("%s of %s is not the same in bigint", method, in)
				}
				seen[out] = true
				if out != in {
					changed++
				}
			}
			if changed < len(seen)*9/10 {
				t.Errorf("%s of %s changed %d of %d", method, c.typ, changed, len(seen))
			}
		}
	}
	for _, n := range []string{"18446744073709551615", "9223372036854775807", "-9223372036854775808", "4294967295", "0", "0000000042"} {
		out := masked(t, mask(t, "hash", k, MaskedColumn{ColumnType: "bigint unsigned"}), n)
		if len(out) < 1 || n[0] == '-' != (out[0] == '-') || len(n) == 10 && n[0] == '0' && len(out) != 10 {
			t.Errorf("hash of %s is %s", n, out)
		}
	}
}

// TestMaskDecimals shows that digits of numbers keep sign, point and length, one to one.
func TestMaskDecimals(t *testing.T) {
	k := maskKey(t, "a")
	m := mask(t, "digits", k, MaskedColumn{ColumnType: "decimal(5,2)", Unique: true})
	seen := map[string]bool{}
	for n := range 100_000 {
		in := fmt.Sprintf("%d.%02d", n/100, n%100)
		out := masked(t, m, in)
		if len(out) != len(in) || out[len(out)-3] != '.' || seen[out] || (in[0] == '0') != (out[0] == '0') {
			t.Fatalf("digits of %s gives %s", in, out)
		}
		seen[out] = true
	}
	long := "-" + strings.Repeat("123456789", 7) + ".25"
	if out := masked(t, mask(t, "hash", k, MaskedColumn{ColumnType: "decimal(65,2)"}), long); len(out) != len(long) || out[0] != '-' || out == long {
		t.Errorf("hash of %s gives %s", long, out)
	}
	f := mask(t, "digits", k, MaskedColumn{ColumnType: "double"})
	for _, in := range []string{"0", "-0", "1.5", "1.7976931348623157e308", "2.2250738585072014e-308", "-12.25"} {
		out := masked(t, f, in)
		if v, err := strconv.ParseFloat(out, 64); err != nil || len(out) != len(in) || v == 0 != (strings.Trim(in, "-0") == "") {
			t.Errorf("digits of %s gives %s: %v", in, out, err)
		}
	}
	if _, err := mask(t, "digits", k, MaskedColumn{ColumnType: "float"}).Apply([]byte(strconv.FormatFloat(math.MaxFloat32, 'g', -1, 64))); err != nil {
		t.Error(err)
	}
}

// TestMaskText shows what text becomes in charsets of all shapes, and that joins match over charset, case and spaces at the end as the collation says.
func TestMaskText(t *testing.T) {
	k := maskKey(t, "a")
	latin1 := mask(t, "hash", k, MaskedColumn{ColumnType: "varchar(30)", Charset: "latin1", Collation: "latin1_swedish_ci"})
	utf8mb4 := mask(t, "hash", k, MaskedColumn{ColumnType: "varchar(40)", Charset: "utf8mb4", Collation: "utf8mb4_general_ci"})
	exact := mask(t, "hash", k, MaskedColumn{ColumnType: "text", Charset: "utf8mb4", Collation: "utf8mb4_0900_as_cs"})
	wide := mask(t, "hash", k, MaskedColumn{ColumnType: "char(20)", Charset: "utf16le", Collation: "utf16le_general_ci"})
	if a, b := masked(t, latin1, "M\xfcller"), masked(t, utf8mb4, "MÜLLER  "); a != b || len(a) != 16 {
		t.Errorf("%q and %q are equal in their collations and become %q and %q", "Müller", "MÜLLER  ", a, b)
	}
	if masked(t, exact, "Müller") == masked(t, exact, "müller") || masked(t, exact, "a") == masked(t, exact, "a ") {
		t.Error("values that differ in their collation become equal")
	}
	if got, want := masked(t, wide, "a\x00b\x00"), masked(t, utf8mb4, "AB"); strings.ReplaceAll(got, "\x00", "") != want || len(got) != 32 {
		t.Errorf("utf16le: %q, want the text of %q", got, want)
	}
	if masked(t, utf8mb4, "a") == masked(t, mask(t, "hash", maskKey(t, "b"), utf8mb4.column), "a") {
		t.Error("another key gives the same value")
	}
	if got := masked(t, mask(t, "digits", k, MaskedColumn{ColumnType: "varchar(20)", Charset: "utf16"}), "\x00+\x004\x009\x01\x31"); len(got) != 8 || got[:2] != "\x00+" || got[6:] != "\x01\x31" {
		t.Errorf("digits of utf16: %q", got)
	}
	if got := masked(t, mask(t, "digits", k, MaskedColumn{ColumnType: "varchar(20)", Charset: "gb18030"}), "\x810\x810"); got != "\x810\x810" {
		t.Errorf("digits of gb18030 change a character: %q", got)
	}
	if got := masked(t, mask(t, "email", k, MaskedColumn{ColumnType: "varchar(60)", Charset: "utf8mb4", Unique: true}), "bob@x.org"); !strings.HasSuffix(got, "@example.com") || len(got) != 28 {
		t.Errorf("email: %q", got)
	}
	if got := masked(t, mask(t, "hash", k, MaskedColumn{ColumnType: "binary(20)"}), "x"); len(got) != 20 || !strings.HasSuffix(got, "\x00\x00\x00\x00") {
		t.Errorf("binary(20): %q", got)
	}
	if got := masked(t, mask(t, "hash", k, MaskedColumn{ColumnType: "uuid"}), "123E4567-E89B-12D3-A456-426614174000"); len(got) != 36 || got[14] != '8' {
		t.Errorf("uuid: %q", got)
	}
	if got := masked(t, mask(t, "fixed:Ä€", nil, MaskedColumn{ColumnType: "char(2)", Charset: "latin1"}), "x"); got != "\xc4\x80" {
		t.Errorf("fixed in latin1: %q", got)
	}
	if out, err := mask(t, "fixed:a", nil, MaskedColumn{ColumnType: "char(2)"}).Apply(nil); out != nil || err != nil {
		t.Errorf("NULL becomes %q, %v", out, err)
	}
}

// TestMaskRefuses lists what no mask may do.
func TestMaskRefuses(t *testing.T) {
	k := maskKey(t, "a")
	for _, c := range []struct {
		method string
		column MaskedColumn
	}{
		{"null", MaskedColumn{ColumnType: "int"}},
		{"fixed:1", MaskedColumn{ColumnType: "int", Unique: true}},
		{"fixed:300", MaskedColumn{ColumnType: "tinyint unsigned"}},
		{"fixed:-1", MaskedColumn{ColumnType: "bigint unsigned"}},
		{"fixed:x", MaskedColumn{ColumnType: "enum('a','b')", Members: []string{"a", "b"}}},
		{"fixed:1000.1", MaskedColumn{ColumnType: "decimal(5,2)"}},
		{"fixed:1.005", MaskedColumn{ColumnType: "decimal(5,2)"}},
		{"fixed:abc", MaskedColumn{ColumnType: "char(2)", Charset: "latin1"}},
		{"fixed:你", MaskedColumn{ColumnType: "char(2)", Charset: "latin1"}},
		{"fixed:😀", MaskedColumn{ColumnType: "char(2)", Charset: "utf8mb3"}},
		{"fixed:2026-02-30", MaskedColumn{ColumnType: "date"}},
		{"fixed:{", MaskedColumn{ColumnType: "json"}},
		{"hash", MaskedColumn{ColumnType: "time"}},
		{"hash", MaskedColumn{ColumnType: "year"}},
		{"hash", MaskedColumn{ColumnType: "enum('a')"}},
		{"hash", MaskedColumn{ColumnType: "char(12)", Unique: true}},
		{"hash", MaskedColumn{ColumnType: "varbinary(7)", Unique: true}},
		{"hash", MaskedColumn{ColumnType: "int", Numbered: true}},
		{"hash", MaskedColumn{ColumnType: "text", Unique: true, Prefixed: true}},
		{"hash", MaskedColumn{ColumnType: "double", Unique: true}},
		{"digits", MaskedColumn{ColumnType: "datetime(6)"}},
		{"email", MaskedColumn{ColumnType: "varchar(24)", Unique: true}},
		{"email", MaskedColumn{ColumnType: "varchar(17)"}},
		{"email", MaskedColumn{ColumnType: "int"}},
	} {
		m, err := ParseMask(c.method)
		if err == nil {
			_, err = NewMask(m, k, c.column)
		}
		if !errors.Is(err, ErrMask) {
			t.Errorf("%s of %+v: %v", c.method, c.column, err)
		}
	}
	for _, s := range []string{"", "rot13", "hash:1", "fixed", "null:"} {
		if m, err := ParseMask(s); err == nil {
			t.Errorf("method %q is read as %v", s, m)
		}
	}
	if _, err := NewMaskKey([]byte("short")); err == nil {
		t.Error("a short key is taken")
	}
	if _, err := NewMask(MaskMethod{Kind: MaskHash}, nil, MaskedColumn{ColumnType: "int"}); !errors.Is(err, ErrMask) {
		t.Errorf("hash without a key: %v", err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.Contains(shown, "block") || !strings.Contains(shown, k.Fingerprint()) {
		t.Errorf("a key is printed as %s", shown)
	}
}

// TestMaskAgrees tells which columns of a foreign key stay equal.
func TestMaskAgrees(t *testing.T) {
	k := maskKey(t, "a")
	long := mask(t, "hash", k, MaskedColumn{ColumnType: "varchar(40)"})
	short := mask(t, "hash", k, MaskedColumn{ColumnType: "varchar(14)"})
	null := mask(t, "null", k, MaskedColumn{ColumnType: "varchar(14)", Nullable: true})
	fixed := mask(t, "fixed:a", k, MaskedColumn{ColumnType: "varchar(14)"})
	for i, c := range []struct {
		child, parent *Mask
		want          bool
	}{{long, long, true}, {long, short, false}, {long, nil, false}, {nil, long, false}, {nil, nil, true}, {null, long, true}, {null, nil, true}, {fixed, fixed, false}} {
		if got := c.child.Agrees(c.parent); got != c.want {
			t.Errorf("case %d: %v", i, got)
		}
	}
}

// FuzzMask holds every method to its type: same length of digits, deterministic, no panic, valid text.
func FuzzMask(f *testing.F) {
	f.Add("12.50", "hash", uint8(3))
	f.Add("+49 (0)40 123-456", "digits", uint8(1))
	f.Add("-128", "digits", uint8(2))
	f.Add("\xff\xfe1", "hash", uint8(0))
	k := maskKey(f, "a")
	columns := []MaskedColumn{
		{ColumnType: "varchar(20)", Charset: "utf8mb4", Collation: "utf8mb4_unicode_ci"}, {ColumnType: "text", Charset: "sjis", Collation: "sjis_bin"},
		{ColumnType: "bigint"}, {ColumnType: "decimal(65,30)"}, {ColumnType: "double"}, {ColumnType: "varbinary(9)"},
		{ColumnType: "char(200)", Charset: "utf16", Collation: "utf16_general_ci"}, {ColumnType: "text", Charset: "utf32"}, {ColumnType: "text", Charset: "gb18030"},
	}
	f.Fuzz(func(t *testing.T, cell, method string, which uint8) {
		kind := MaskKind(method)
		if kind != MaskHash && kind != MaskDigits && kind != MaskEmail {
			return
		}
		c := columns[int(which)%len(columns)]
		m, err := NewMask(MaskMethod{Kind: kind}, k, c)
		if err != nil {
			return
		}
		a, errA := m.Apply([]byte(cell))
		b, errB := m.Apply([]byte(cell))
		if (errA == nil) != (errB == nil) || !bytes.Equal(a, b) {
			t.Fatalf("%s of %q: %q, then %q", method, cell, a, b)
		}
		if errA != nil {
			return
		}
		if kind == MaskDigits && !typeOf(c.ColumnType).isNumber() && len(a) != len(cell) {
			t.Fatalf("digits of %q: %q", cell, a)
		}
		if kind == MaskDigits && utf8.ValidString(cell) && c.Charset == "utf8mb4" && !utf8.Valid(a) {
			t.Fatalf("digits of %q: %q", cell, a)
		}
		if typeOf(c.ColumnType).isInteger() {
			if _, err := strconv.ParseInt(string(a), 10, 64); err != nil {
				if _, err := strconv.ParseUint(cell, 10, 64); err != nil {
					t.Fatalf("%s of %q: %q", method, cell, a)
				}
			}
		}
	})
}

func BenchmarkMask(b *testing.B) {
	k := maskKey(b, "a")
	for _, c := range []struct {
		method, cell string
		column       MaskedColumn
	}{
		{"hash", "some.body@somewhere.example.org", MaskedColumn{ColumnType: "varchar(60)", Charset: "utf8mb4", Collation: "utf8mb4_general_ci"}},
		{"hash", "123456", MaskedColumn{ColumnType: "int"}},
		{"digits", "+49 (0)40 123456", MaskedColumn{ColumnType: "varchar(60)", Charset: "utf8mb4"}},
		{"digits", "1234.50", MaskedColumn{ColumnType: "decimal(10,2)"}},
		{"hash", "1984-02-29 12:34:56", MaskedColumn{ColumnType: "datetime"}},
	} {
		b.Run(c.method+" "+c.column.ColumnType, func(b *testing.B) {
			m := mask(b, c.method, k, c.column)
			cell := []byte(c.cell)
			for b.Loop() {
				if _, err := m.Apply(cell); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
