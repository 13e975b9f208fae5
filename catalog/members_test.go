package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// What a server takes for the text 0 cannot stand beside index 0 of an ENUM, and what it does not can.
func TestMemberIsZero(t *testing.T) {
	collations := map[testdb.Kind][]string{
		testdb.MariaDB: {"utf8mb4_unicode_ci", "utf8mb4_uca1400_ai_ci", "utf8mb4_general_ci", "utf8mb4_bin"},
		testdb.MySQL56: {"utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci", "utf8mb4_general_ci", "utf8mb4_bin"},
		testdb.MySQL97: {"utf8mb4_0900_ai_ci", "utf8mb4_0900_as_cs", "utf8mb4_unicode_520_ci", "utf8mb4_ja_0900_as_cs", "utf8mb4_zh_0900_as_cs"},
	}
	for _, k := range testdb.All() {
		s := testdb.Start(t, k)
		for _, member := range []string{"0", "０", "٠", "०", "⁰", "₀", "⓪", "〇", "𝟎", "0\u0301", "\u200b0", "0\u00ad", "１", "a", "0a", "00", "𝟏", "½", "零", ".0", "-0", "0!", "o"} {
			for _, collation := range collations[s.Kind] {
				var same bool
				if err := s.DB(t).QueryRow("SELECT _utf8mb4'" + member + "'='0' COLLATE " + collation).Scan(&same); err != nil {
					t.Fatal(err)
				}
				if got := isZeroTo(member, "utf8mb4"); same && !got {
					t.Errorf("%s takes %q (%+q) for 0", collation, member, member)
				}
			}
		}
	}
	for member, want := range map[string]bool{"1": false, "a": false, "0a": false, "00": false, "-0": false, "０": true, "𝟎": true, "𝟏": false, "½": false} {
		if got := isZeroTo(member, "utf8mb4"); got != want {
			t.Errorf("%q: %v", member, got)
		}
	}
	if isZeroTo("０", "sjis") {
		t.Error("sjis tells them apart")
	}
}

func TestMembers(t *testing.T) {
	for in, want := range map[string][]string{
		"enum('a','b''c','')":     {"a", "b'c", ""},
		`set('a\\b','x,y','\n')`:  {`a\b`, "x,y", "\n"},
		"int(10)":                 nil,
		"enum('')":                {""},
		"enum('ü','(')":           {"ü", "("},
		"enum('unterminated":      {"unterminated"},
		"enum('a','unterminated'": {"a", "unterminated"},
	} {
		if diff := cmp.Diff(want, members(in)); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

func TestRowAllocates(t *testing.T) {
	p := NewReadPlan([]Column{{Name: "id", DataType: "int", ColumnType: "int"}, {Name: "e", DataType: "enum", ColumnType: "enum('a','')", Charset: "latin1"}}, nil, "source")
	if diff := cmp.Diff([]string{"`id`", "`e`", "`e`+0"}, p.Exprs); diff != "" {
		t.Fatal(diff)
	}
	id, index := []byte("1"), []byte("0")
	n := testing.AllocsPerRun(100, func() {
		cells := [3][]byte{id, {}, index}
		if _, err := p.FixRow(cells[:]); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}
