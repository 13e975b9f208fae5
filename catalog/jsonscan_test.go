package catalog

import (
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

func TestScanJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": [1, -2, 1.5, 0.1, 1e100, -0.0, 18446744073709551615, -9223372036854775808]}`: "",
		`1.0`: "", `100.0`: "", `0.30000000000000004`: "", `1.7976931348623157e308`: "", `1234567890123456.5`: "",
		`1.50`: "1.50", `1.00`: "1.00", `12345678901234567890.123456789`: "12345678901234567890.123456789", `[1, 18446744073709551616]`: "18446744073709551616",
		`-9223372036854775809`: "-9223372036854775809", `0.10000000000000000000001`: "0.10000000000000000000001", `10000000000000000000000.0`: "10000000000000000000000.0",
		`"12345678901234567890.123456789"`: "", `"a\"1.50"`: "", `"\\" `: "", `["\\\\", 1.50]`: "1.50", `{"1.50": 2}`: "", `0.0000000000000001`: "0.0000000000000001",
		`"2024-01-01"`: "?", `"2024-01-01T"`: "", `"10:00:00.000000"`: "?", `"-10:00:00.000000"`: "?", `"-838:59:59.000000"`: "?", `"10:00:00"`: "", `"2024-01-01 10:00:00.000000"`: "?",
		`"base64:type15:YQ=="`: "?", `"base64"`: "", `"unterminated`: "", `null`: "", ``: "",
	} {
		f := ScanJSON([]byte(text))
		got := string(f.Number)
		if f.Suspect {
			got += "?"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// The text of every double that MySQL holds in JSON survives, and no decimal that the server would print in another way.
func TestJSONNumbersOnServer(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL97)
	rnd := rand.New(rand.NewSource(1))
	var rows []string
	for i := range 2000 {
		v := math.Float64frombits(rnd.Uint64())
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			continue
		case i%3 == 1:
			v = math.Trunc(math.Pow(10, float64(rnd.Intn(25))) * rnd.Float64())
		case i%3 == 2:
			v = math.Pow(10, float64(rnd.Intn(40)-20))
		}
		rows = append(rows, fmt.Sprintf("SELECT CAST(%.17e AS JSON) j", v))
		rows = append(rows, fmt.Sprintf("SELECT CAST(%d.%d AS JSON)", rnd.Int63n(1<<rnd.Intn(62)), rnd.Int63n(1<<rnd.Intn(62))))
	}
	got, err := s.DB(t).Query("SELECT CONVERT(j USING utf8mb4), CONVERT(CAST(CONVERT(j USING utf8mb4) AS JSON) USING utf8mb4) FROM (" + strings.Join(rows, " UNION ALL ") + ") x")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	altered := 0
	for got.Next() {
		var text, again string
		if err := got.Scan(&text, &again); err != nil {
			t.Fatal(err)
		}
		if survived := ScanJSON([]byte(text)).Number == nil; survived != (text == again) {
			t.Errorf("%s is read as %s: survives %v", text, again, survived)
		}
		if text != again {
			altered++
		}
	}
	if err := got.Err(); err != nil || altered < 100 {
		t.Errorf("%d altered, %v", altered, err)
	}
}

func FuzzScanJSON(f *testing.F) {
	f.Add([]byte(`{"a": [1.50, "2024-01-01", "\\"]}`))
	f.Add([]byte(`-`))
	f.Fuzz(func(t *testing.T, text []byte) { ScanJSON(text) })
}

func TestScanJSONAllocates(t *testing.T) {
	text := []byte(`{"id": 12345, "price": 19.99, "name": "it's \"quoted\"", "ratio": 0.30000000000000004}`)
	if n := testing.AllocsPerRun(100, func() { ScanJSON(text) }); n != 0 {
		t.Errorf("%v allocations a value", n)
	}
}
