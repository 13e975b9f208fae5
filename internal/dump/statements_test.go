package dump

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The AUTO_INCREMENT column is in a SET clause where there is one, and only there.
func TestLoadDataSQL(t *testing.T) {
	id, text := Column{Name: "id", Encoding: Plain, Numbered: true}, Column{Name: "t`x", Encoding: Bytes}
	head := "LOAD DATA LOCAL INFILE 'a''b' INTO TABLE `s`.`t` " + LoadDataClauses
	for _, c := range []struct {
		name string
		cols []Column
		want string
	}{
		{"plain", []Column{id, text}, " (`id`,`t``x`)"},
		{"converted", []Column{id, text, {Name: "j", Encoding: UTF8}, {Name: "n", Encoding: Plain}}, " (@c1,`t``x`,@c3,`n`) SET `id`=@c1,`j`=CONVERT(@c3 USING utf8mb4)"},
	} {
		if diff := cmp.Diff(head+c.want, LoadDataSQL("s", "t", c.cols, "a'b")); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
