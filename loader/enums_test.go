package loader

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/dump"
)

func TestHasMemberZero(t *testing.T) {
	for columnType, want := range map[string]bool{
		"enum('0')": true, "enum('a','0')": true, "enum('0','a')": true, "enum('a','b')": false, "enum('00')": false,
		"enum('a,''0'',b')": false, "enum('0''x')": false, "enum('(''0'')')": false, "enum('x,','0')": true,
	} {
		if got := hasMemberZero(columnType); got != want {
			t.Errorf("%s: %v", columnType, got)
		}
	}
}

// What stands for index 0 depends on the charset, and on the target whether it warns.
func TestWarnedZeros(t *testing.T) {
	tab := &table{}
	tab.columns, tab.enums = packColumns([]dump.Column{
		{Name: "a", Type: "enum('x')", Charset: "latin1", Encoding: dump.Bytes}, {Name: "b", Type: "enum('x')", Charset: "utf16", Encoding: dump.Bytes},
		{Name: "c", Type: "enum('x')", Charset: "utf32", Encoding: dump.UTF8}, {Name: "d", Type: "enum('0')", Charset: "latin1", Encoding: dump.Bytes}, {Name: "e", Type: "int", Encoding: dump.Plain},
	})
	if diff := cmp.Diff([]string{"0", "\x000", "0", "", ""}, tab.warnedZeros(true)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", "\x000", "0", "", ""}, tab.warnedZeros(false)); diff != "" {
		t.Error(diff)
	}
	row := dump.Row{[]byte("0"), []byte("\x000"), []byte("0"), []byte("0"), []byte("0")}
	if n := countZeros(row, tab.warnedZeros(true)); n != 3 {
		t.Errorf("%d cells, want 3", n)
	}
}

func TestUsedUp(t *testing.T) {
	for _, c := range []struct {
		a, b uint64
		want bool
	}{
		{127, 128, true}, {128, 127, true}, {255, 256, true}, {32768, 32767, true}, {16777215, 16777216, true}, {4294967296, 4294967295, true},
		{9223372036854775807, 9223372036854775808, true}, {126, 127, false}, {127, 129, false}, {100, 101, false}, {0, 18446744073709551615, false},
	} {
		if got := usedUp(c.a, c.b); got != c.want {
			t.Errorf("%d and %d: %v", c.a, c.b, got)
		}
	}
}
