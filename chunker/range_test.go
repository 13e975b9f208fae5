package chunker

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func tuple(values ...string) Tuple {
	t := Tuple{}
	for _, v := range values {
		t = append(t, []byte(v))
	}
	return t
}

func mixedKey() *Key {
	return &Key{Name: "PRIMARY", Parts: []Part{
		{Column: "a`", Kind: Integer},
		{Column: "b\U0001F600", Kind: Text, Charset: "latin1"},
		{Column: "c", Kind: Float},
	}}
}

func TestWhere(t *testing.T) {
	enum := &Key{Parts: []Part{{Column: "a", Kind: Integer}, {Column: "e", Kind: Enum, Charset: "latin1"}, {Column: "b", Kind: Integer}}}
	null := &Key{Parts: []Part{{Column: "a", Kind: Integer, Nullable: true}, {Column: "b", Kind: Integer}, {Column: "c", Kind: Integer, Nullable: true}}}
	for _, c := range []struct {
		name string
		key  *Key
		r    Range
		want string
	}{
		{"whole table", mixedKey(), Range{}, ""},
		{"no key", nil, Range{}, ""},
		{"partition", nil, Range{Partition: "p0"}, ""},
		{"lower", mixedKey(), Range{Lower: tuple("1", "x'", "0.5")},
			"(`a```>1 OR (`a```=1 AND `b\U0001F600`>_latin1 x'7827') OR (`a```=1 AND `b\U0001F600`=_latin1 x'7827' AND `c`>=0.5e0))"},
		{"upper of one part", mixedKey(), Range{Upper: tuple("-5")}, "`a```<-5"},
		{"open lower", mixedKey(), Range{Lower: tuple("1", ""), LowerOpen: true}, "(`a```>1 OR (`a```=1 AND `b\U0001F600`>_latin1 x''))"},
		{"shared values stand once", mixedKey(), Range{Lower: tuple("1", "a"), Upper: tuple("1", "b")},
			"`a```=1 AND `b\U0001F600`>=_latin1 x'61' AND `b\U0001F600`<_latin1 x'62'"},
		{"lower begins the upper", mixedKey(), Range{Lower: tuple("1"), Upper: tuple("1", "b")}, "`a```=1 AND `b\U0001F600`<_latin1 x'62'"},
		{"both ends differ", mixedKey(), Range{Lower: tuple("1", "a"), Upper: tuple("2")},
			"(`a```>1 OR (`a```=1 AND `b\U0001F600`>=_latin1 x'61')) AND `a```<2"},
		{"equal", enum, Range{Equal: tuple("5", "\xe9"), Lower: tuple("7"), Upper: tuple("9")}, "`a`=5 AND `e`=_latin1 x'e9' AND `b` BETWEEN 7 AND 8"},
		{"integers", enum, Range{Lower: tuple("-9223372036854775808"), Upper: tuple("9223372036854775807")}, "`a` BETWEEN -9223372036854775808 AND 9223372036854775806"},
		{"integers above BIGINT", enum, Range{Lower: tuple("7"), Upper: tuple("9223372036854775808")}, "`a`>=7 AND `a`<9223372036854775808"},
		{"no integers between", enum, Range{Lower: tuple("7"), Upper: tuple("7")}, "`a`>=7 AND `a`<7"},
		{"integers from an open end", enum, Range{Lower: tuple("5"), LowerOpen: true, Upper: tuple("7")}, "`a`>5 AND `a`<7"},
		{"last key", mixedKey(), Range{Lower: tuple("1", "a"), Upper: tuple("1", "b"), Last: []byte("ax")}, "`a```=1 AND `b\U0001F600` BETWEEN _latin1 x'61' AND _latin1 x'6178'"},
		{"nullable", null, Range{Upper: tuple("3")}, "`a` IS NOT NULL AND `c` IS NOT NULL AND `a`<3"},
		{"null", null, Range{Null: true}, "(`a` IS NULL OR `c` IS NULL)"},
		{"null of no nullable key", enum, Range{Null: true}, "FALSE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, c.r.Where(c.key)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLiteral(t *testing.T) {
	for _, c := range []struct {
		name string
		part Part
		v    string
		want string
	}{
		{"integer", Part{Kind: Integer}, "-42", "-42"},
		{"no integer", Part{Kind: Integer}, "1 OR 1=1", "_utf8mb4 x'31204f5220313d31'"},
		{"empty integer", Part{Kind: Integer}, "", "_utf8mb4 x''"},
		{"fraction in an integer", Part{Kind: Integer}, "1.5", "_utf8mb4 x'312e35'"},
		{"decimal", Part{Kind: Decimal}, "-0.50", "-0.50"},
		{"exponent in a decimal", Part{Kind: Decimal}, "1e5", "_utf8mb4 x'316535'"},
		{"float", Part{Kind: Float}, "0.1", "0.1e0"},
		{"float with exponent", Part{Kind: Float}, "-1.5e-308", "-1.5e-308"},
		{"exponent without digits", Part{Kind: Float}, "1e", "_utf8mb4 x'3165'"},
		{"year", Part{Kind: Year}, "0000", "0"},
		{"bit", Part{Kind: Bit}, "\x01\x00", "256"},
		{"bit(64)", Part{Kind: Bit}, "\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"},
		{"date", Part{Kind: Temporal}, "2000-02-29", "'2000-02-29'"},
		{"no such date", Part{Kind: Temporal}, "2000-02-30", "20000230"},
		{"partial datetime", Part{Kind: Temporal}, "2000-00-00 01:02:03.4", "20000000010203.4"},
		{"zero date", Part{Kind: Temporal}, "0000-00-00", "0"},
		{"zero datetime(6)", Part{Kind: Temporal}, "0000-00-00 00:00:00.000000", "0.000000"},
		{"time", Part{Kind: Temporal}, "-838:59:59.5", "'-838:59:59.5'"},
		{"no time", Part{Kind: Temporal}, "1' OR '", "_utf8mb4 x'3127204f522027'"},
		{"text", Part{Kind: Text, Charset: "sjis"}, "\x83\x5c", "_sjis x'835c'"},
		{"binary", Part{Kind: Binary}, "\x00'\\", "x'00275c'"},
		{"uuid", Part{Kind: Other, Type: "uuid"}, "ab", "_utf8mb4 x'6162'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := literal(&c.part, []byte(c.v)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	enum := &Key{Parts: []Part{{Column: "a", Kind: Integer}, {Column: "e", Kind: Enum, Charset: "latin1"}, {Column: "b", Kind: Integer}}}
	null := &Key{Parts: []Part{{Column: "a", Kind: Integer, Nullable: true}}}
	text := &Key{Parts: []Part{{Column: "s", Kind: Text, Charset: "utf8mb4"}}}
	for _, c := range []struct {
		name          string
		key           *Key
		r             Range
		at            Tuple
		before, after Range
		ok            bool
	}{
		{"whole table", mixedKey(), Range{}, tuple("1", "x", "0.5"), Range{Upper: tuple("1", "x", "0.5")}, Range{Lower: tuple("1", "x", "0.5")}, true},
		{"open range", mixedKey(), Range{Lower: tuple("1"), LowerOpen: true, Upper: tuple("9")}, tuple("2", "x", "0.5"),
			Range{Lower: tuple("1"), LowerOpen: true, Upper: tuple("2", "x", "0.5")}, Range{Lower: tuple("2", "x", "0.5"), Upper: tuple("9")}, true},
		{"after an enum", enum, Range{Equal: tuple("1", "m")}, tuple("1", "m", "5"), Range{Equal: tuple("1", "m"), Upper: tuple("5")}, Range{Equal: tuple("1", "m"), Lower: tuple("5")}, true},
		{"in an enum", enum, Range{Lower: tuple("1")}, tuple("1", "m", "5"), Range{Lower: tuple("1")}, Range{}, false},
		{"whole table with NULL keys", null, Range{}, tuple("1"), Range{}, Range{}, false},
		{"range without NULL keys", null, Range{Lower: tuple("0")}, tuple("1"), Range{Lower: tuple("0"), Upper: tuple("1")}, Range{Lower: tuple("1")}, true},
		{"NULL keys", null, Range{Null: true}, tuple("1"), Range{Null: true}, Range{}, false},
		{"a NULL", null, Range{Lower: tuple("0")}, Tuple{nil}, Range{Lower: tuple("0")}, Range{}, false},
		{"invalid text", text, Range{}, tuple("\xed\xa0\x80"), Range{}, Range{}, false},
		{"no key", nil, Range{}, tuple("1"), Range{}, Range{}, false},
		{"partition", text, Range{Partition: "p"}, tuple("1"), Range{Partition: "p"}, Range{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after, ok := c.r.Cut(c.key, c.at)
			if d := cmp.Diff([]Range{c.before, c.after}, []Range{before, after}); d != "" || ok != c.ok {
				t.Errorf("ok %v, want %v: %s", ok, c.ok, d)
			}
		})
	}
	t.Run("keeps no reference to the row", func(t *testing.T) {
		at := tuple("1")
		_, after, _ := Range{}.Cut(&Key{Parts: []Part{{Column: "a"}}}, at)
		at[0][0] = '9'
		if d := cmp.Diff(tuple("1"), after.Lower); d != "" {
			t.Error(d)
		}
	})
}

func TestChooseKey(t *testing.T) {
	part := func(name string, kind PartKind, nullable bool) IndexPart {
		return IndexPart{Part: Part{Column: name, Kind: kind, Nullable: nullable}}
	}
	prefix := part("p", Text, false)
	prefix.Prefix = true
	primary := Index{Name: "PRIMARY", Unique: true, Type: "BTREE", Parts: []IndexPart{part("a", Text, false), part("b", Text, false)}}
	two := Index{Name: "two", Unique: true, Type: "BTREE", Parts: []IndexPart{part("a", Integer, false), part("b", Integer, false)}}
	text := Index{Name: "text", Unique: true, Type: "BTREE", Parts: []IndexPart{part("t", Text, false)}}
	number := Index{Name: "number", Unique: true, Type: "BTREE", Parts: []IndexPart{part("n", Integer, false)}}
	nullable := Index{Name: "nullable", Unique: true, Type: "BTREE", Parts: []IndexPart{part("n", Integer, true)}}
	hidden, hash, plain := number, number, number
	hidden.Invisible, hash.Type, plain.Unique = true, "HASH", false
	for _, c := range []struct {
		name    string
		indexes []Index
		want    string
	}{
		{"none", nil, ""},
		{"primary first", []Index{number, primary}, "PRIMARY"},
		{"fewest columns", []Index{two, text}, "text"},
		{"integers", []Index{text, number}, "number"},
		{"not null", []Index{nullable, two}, "two"},
		{"nullable at last", []Index{nullable}, "nullable"},
		{"prefix", []Index{{Name: "PRIMARY", Unique: true, Parts: []IndexPart{prefix}}, two}, "two"},
		{"functional", []Index{{Name: "f", Unique: true, Parts: []IndexPart{part("", Other, false)}}}, ""},
		{"invisible, hash, not unique", []Index{hidden, hash, plain}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := ChooseKey(c.indexes)
			if got := nameOf(k); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func nameOf(k *Key) string {
	if k == nil {
		return ""
	}
	return k.Name
}

// refusing is a server that answers nothing.
type refusing struct{ queries int }

var errRefusing = errors.New("no queries")

func (q *refusing) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	q.queries++
	return nil, errRefusing
}

func TestRangesWithoutProbes(t *testing.T) {
	for _, c := range []struct {
		name  string
		table Table
		want  []Range
	}{
		{"small table", Table{Key: mixedKey(), Rows: 100, Bytes: 16384}, []Range{{Rows: 100}}},
		{"small table with NULL keys", Table{Key: &Key{Parts: []Part{{Column: "a", Nullable: true}}}, Rows: 100, Bytes: 16384}, []Range{{Rows: 100}}},
		{"no key", Table{Rows: 1e9, Bytes: 1e12}, []Range{{}}},
		{"no key, partitions", Table{Rows: 1e9, Bytes: 1e12, Partitions: []string{"p0", "p`1"}}, []Range{{Partition: "p0"}, {Partition: "p`1"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := &refusing{}
			var got []Range
			for r, err := range Ranges(t.Context(), q, &c.table, Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, r)
			}
			if d := cmp.Diff(c.want, got); d != "" || q.queries > 0 {
				t.Errorf("%d queries, %s", q.queries, d)
			}
		})
	}
	t.Run("an error names the table", func(t *testing.T) {
		for _, err := range Ranges(t.Context(), &refusing{}, &Table{Schema: "s", Name: "t", Key: mixedKey(), Rows: 1e9, Bytes: 1e12}, Options{}) {
			if !errors.Is(err, errRefusing) || !strings.HasPrefix(err.Error(), "cut s.t into key ranges: ") {
				t.Errorf("got %v", err)
			}
		}
	})
}
