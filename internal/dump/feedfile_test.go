package dump

import "testing"

func TestFileAt(t *testing.T) {
	for name, want := range map[string]struct {
		file string
		line int
	}{
		FileAt("a:b.sql", 884):        {"a:b.sql", 883}, // the text begins a line before
		FileAt("-", 1):                {"-", 0},
		"shop.orders-schema.sql":      {"shop.orders-schema.sql", 1},
		"shop.orders-schema.sql:x":    {"shop.orders-schema.sql:x", 1},
		"shop.orders-schema.sql:7:x1": {"shop.orders-schema.sql:7:x1", 1},
	} {
		if file, line := CutFileAt(name); file != want.file || line != want.line {
			t.Errorf("%s: %s, %d; want %v", name, file, line, want)
		}
	}
}
