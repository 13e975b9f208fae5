package chunker

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"testing"
	"unicode/utf8"
)

func TestGuess(t *testing.T) {
	for _, c := range []struct {
		name   string
		part   Part
		lo, hi string
		want   string // "" for none
	}{
		{"integers", Part{Kind: Integer}, "0", "10", "5"},
		{"neighbours", Part{Kind: Integer}, "7", "8", "8"},
		{"negative neighbours", Part{Kind: Integer}, "-2", "-1", "-1"},
		{"whole range of BIGINT", Part{Kind: Integer}, "-9223372036854775808", "9223372036854775807", "0"},
		{"whole range of UNSIGNED", Part{Kind: Integer}, "0", "18446744073709551615", "9223372036854775808"},
		{"the wrong way round", Part{Kind: Integer}, "5", "5", ""},
		{"decimals", Part{Kind: Decimal}, "-0.02", "0.00", "-0.01"},
		{"decimal below one", Part{Kind: Decimal}, "0.001", "0.003", "0.002"},
		{"doubles of far magnitudes", Part{Kind: Float}, "1e-300", "1e300", "9.581518871469962e-01"},
		{"doubles across zero", Part{Kind: Float}, "-1", "1", "0e+00"},
		{"years", Part{Kind: Year}, "0000", "1902", "1901"},
		{"bits", Part{Kind: Bit}, "\x00\x00", "\x01\x00", "\x00\x80"},
		{"dates", Part{Kind: Temporal}, "2000-01-01", "2000-01-03", "2000-01-02"},
		{"next day", Part{Kind: Temporal}, "2000-02-29", "2000-03-01", "2000-03-01"},
		{"from the zero date", Part{Kind: Temporal}, "0000-00-00", "0000-01-02", "0000-01-01"},
		{"datetimes", Part{Kind: Temporal}, "2000-01-01 00:00:00.00", "2000-01-01 00:00:00.02", "2000-01-01 00:00:00.01"},
		{"zero timestamp", Part{Kind: Temporal, Type: "timestamp"}, "0000-00-00 00:00:00", "1970-01-01 00:00:02", "1970-01-01 00:00:01"},
		{"times", Part{Kind: Temporal}, "-00:00:01", "00:00:01", "00:00:00"},
		{"negative times", Part{Kind: Temporal}, "-838:59:59.5", "-838:59:59.3", "-838:59:59.4"},
		{"no times", Part{Kind: Temporal}, "x", "y", ""},
		{"addresses", Part{Kind: Other, Type: "inet6"}, "::", "::4", "::2"},
		{"an unknown type", Part{Kind: Other, Type: "xml"}, "a", "b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if g := guess(&c.part, nil, []byte(c.lo), []byte(c.hi)); len(g) > 0 {
				got = string(g[0])
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// plain returns an alphabet that orders characters by their bytes, as a _bin collation does.
func plain(charset string, texts ...[]byte) *alphabet {
	a := newAlphabet(&Part{Kind: Text, Charset: charset})
	var chars []string
	for _, t := range texts {
		a.see(t)
	}
	for c := range a.unknown {
		chars = append(chars, c)
	}
	a.learn(chars, chars)
	return a
}

func FuzzGuessInteger(f *testing.F) {
	f.Add(int64(0), int64(1))
	f.Add(int64(math.MinInt64), int64(math.MaxInt64))
	f.Add(int64(-2), int64(-1))
	f.Fuzz(func(t *testing.T, lo, hi int64) {
		if lo >= hi {
			return
		}
		g := guess(&Part{Kind: Integer}, nil, strconv.AppendInt(nil, lo, 10), strconv.AppendInt(nil, hi, 10))
		n, ok := new(big.Int).SetString(string(g[0]), 10)
		if !ok || n.Cmp(big.NewInt(lo)) <= 0 || n.Cmp(big.NewInt(hi)) > 0 {
			t.Errorf("%s is not in (%d, %d]", g[0], lo, hi)
		}
	})
}

func FuzzGuessFloat(f *testing.F) {
	f.Add(0.0, 5e-324)
	f.Add(-math.MaxFloat64, math.MaxFloat64)
	f.Fuzz(func(t *testing.T, lo, hi float64) {
		if !(lo < hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
			return
		}
		g := guess(&Part{Kind: Float}, nil, fmt.Append(nil, lo), fmt.Append(nil, hi))
		v, err := strconv.ParseFloat(string(g[0]), 64)
		if err != nil || v <= lo && !(lo == 0 && v == 0) || v > hi {
			t.Errorf("%s is not in (%g, %g]", g[0], lo, hi)
		}
	})
}

func FuzzGuessTemporal(f *testing.F) {
	f.Add("0000-00-00", "9999-12-31")
	f.Add("2000-02-30 10:00:00.5", "2000-03-00 00:00:00.0")
	f.Add("2000-02-30 00:00:00.0", "2000-03-00 70:00:00.0")
	f.Add("-838:59:59", "838:59:59")
	f.Fuzz(func(t *testing.T, lo, hi string) {
		part := &Part{Kind: Temporal}
		if !validValue(part, []byte(lo)) || !validValue(part, []byte(hi)) {
			return // no server gives it
		}
		for _, g := range guess(part, nil, []byte(lo), []byte(hi)) {
			if !validValue(part, g) {
				t.Errorf("%q is no time", g)
			}
			if d, ok := parseDate(string(g)); ok && len(lo) == len(hi) && (string(g) < lo || string(g) > hi) {
				t.Errorf("%q (%v) is not in (%q, %q]", g, d, lo, hi)
			}
		}
	})
}

func FuzzGuessText(f *testing.F) {
	f.Add([]byte("user0001"), []byte("user9999"), []byte("abc"))
	f.Add([]byte(""), []byte("\xf0\x9f\x98\x80"), []byte("z"))
	f.Add([]byte("a"), []byte("aa"), []byte(""))
	f.Fuzz(func(t *testing.T, lo, hi, seen []byte) {
		if !utf8.Valid(lo) || !utf8.Valid(hi) || !utf8.Valid(seen) || bytes.Compare(lo, hi) >= 0 || len(lo)+len(hi)+len(seen) > 2000 {
			return
		}
		g := plain("utf8mb4", lo, hi, seen).between(lo, hi)
		if !utf8.Valid(g) {
			t.Errorf("%q is invalid", g)
		}
		if g != nil && (bytes.Compare(g, lo) <= 0 || bytes.Compare(g, hi) > 0) {
			t.Errorf("%q is not in (%q, %q]", g, lo, hi)
		}
	})
}

func FuzzGuessBinary(f *testing.F) {
	f.Add([]byte{}, []byte{0})
	f.Add([]byte{0x27, 0x5c}, []byte{0x27, 0x5d})
	f.Fuzz(func(t *testing.T, lo, hi []byte) {
		if bytes.Compare(lo, hi) >= 0 || len(lo)+len(hi) > 2000 {
			return
		}
		a := newAlphabet(&Part{Kind: Binary})
		a.see(lo)
		a.see(hi)
		g := a.between(lo, hi)
		if g != nil && (bytes.Compare(g, lo) <= 0 || bytes.Compare(g, hi) > 0) {
			t.Errorf("%x is not in (%x, %x]", g, lo, hi)
		}
	})
}

// FuzzWhere checks that no value can leave its literal: the condition consists of the characters that it needs.
func FuzzWhere(f *testing.F) {
	f.Add([]byte("1"), []byte("1 OR 1=1 -- "), []byte("x' OR '"), uint8(0))
	f.Add([]byte("2000-02-30"), []byte("-1e5"), []byte{0}, uint8(6))
	f.Fuzz(func(t *testing.T, a, b, c []byte, kind uint8) {
		k := &Key{Parts: []Part{
			{Column: "a", Kind: PartKind(kind % 11), Charset: "utf8mb4"},
			{Column: "b", Kind: PartKind((kind + 3) % 11), Charset: "sjis"},
			{Column: "c", Kind: PartKind((kind + 7) % 11), Charset: "utf16"},
		}}
		r := Range{Lower: Tuple{a, b, c}, Upper: Tuple{a, b}}
		w := r.Where(k)
		depth, quoted := 0, false
		for i, ch := range []byte(w) {
			switch {
			case ch == '\'':
				quoted = !quoted
			case quoted:
				if (ch < '0' || ch > '9') && (ch < 'a' || ch > 'f') && ch != '-' && ch != ':' && ch != '.' && ch != ' ' {
					t.Fatalf("%q stands at %d in a literal: %s", ch, i, w)
				}
			case ch == '(':
				depth++
			case ch == ')':
				depth--
			case ch == ';' || ch == '#' || ch == '\\' || ch == '/' || ch == '"':
				t.Fatalf("%q stands bare: %s", ch, w)
			}
		}
		if quoted || depth != 0 {
			t.Errorf("unbalanced: %s", w)
		}
	})
}

// FuzzCut checks on small tuples, compared as the condition says, that the pieces hold what the range held, once.
func FuzzCut(f *testing.F) {
	f.Add([]byte{1, 2, 3}, []byte{1, 2}, []byte{5}, []byte{1, 2, 3}, true)
	f.Add([]byte{}, []byte{1}, []byte{}, []byte{1, 0, 0}, false)
	f.Fuzz(func(t *testing.T, lower, at, upper, row []byte, open bool) {
		if len(lower) > 3 || len(at) > 3 || len(at) == 0 || len(upper) > 3 || len(row) != 3 {
			return
		}
		k := &Key{Parts: []Part{{Column: "a"}, {Column: "b"}, {Column: "c"}}}
		r := Range{Lower: numbers(lower), LowerOpen: open && len(lower) > 0, Upper: numbers(upper)}
		inside := r.holds(numbers(row))
		before, after, ok := r.Cut(k, numbers(at))
		if !ok {
			t.Fatalf("%v not cut at %v", r, at)
		}
		// a key of the range cuts it; another one may make pieces that overlap nothing but lie outside
		if !r.holds(numbers(append(bytes.Clone(at), 0, 0)[:3])) {
			return
		}
		n := 0
		for _, piece := range []Range{before, after} {
			if piece.holds(numbers(row)) {
				n++
			}
		}
		if want := map[bool]int{true: 1, false: 0}[inside]; n != want {
			t.Errorf("row %v in %v is in %d pieces of a cut at %v, want %d", row, r, n, at, want)
		}
	})
}

func numbers(b []byte) (t Tuple) {
	for _, n := range b {
		t = append(t, strconv.AppendInt(nil, int64(n), 10))
	}
	return t
}

// holds evaluates Lower and Upper on a row of numbers.
func (r *Range) holds(row Tuple) bool {
	order := func(end Tuple) int {
		for i, v := range end {
			a, _ := strconv.Atoi(string(row[i]))
			b, _ := strconv.Atoi(string(v))
			if c := cmp.Compare(a, b); c != 0 {
				return c
			}
		}
		return 0 // row begins with end
	}
	if len(r.Lower) > 0 && (order(r.Lower) < 0 || r.LowerOpen && order(r.Lower) == 0) {
		return false
	}
	return len(r.Upper) == 0 || order(r.Upper) < 0
}
