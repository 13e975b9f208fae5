package transform

import "testing"

func TestCharsetNames(t *testing.T) {
	old, modern := Target{Charsets: map[string]bool{"utf8": true, "latin1": true}}, Target{Charsets: map[string]bool{"utf8mb3": true, "utf8mb4": true}}
	for _, c := range []struct {
		to         Target
		name, want string
	}{
		{old, "UTF8MB3", "utf8"}, {old, "utf8", "utf8"}, {old, "Latin1", "latin1"}, {old, "utf8mb4", "utf8mb4"},
		{modern, "utf8", "utf8mb3"}, {modern, "utf8mb4", "utf8mb4"}, {modern, "sjis", "sjis"}, {Target{}, "utf8", "utf8"},
	} {
		if got := c.to.Charset(c.name); got != c.want {
			t.Errorf("%s is %s, want %s", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{{"utf8", "utf8mb3", true}, {"utf8_bin", "utf8mb3_bin", true}, {"utf8mb4", "utf8mb4", true}, {"utf8", "utf8mb4", false}, {"utf8_bin", "utf8mb3_general_ci", false}, {"", "utf8", false}} {
		if SameCharset(c.a, c.b) != c.same || SameCharset(c.b, c.a) != c.same {
			t.Errorf("%s and %s", c.a, c.b)
		}
	}
}
