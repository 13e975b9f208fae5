package transform

import (
	"strings"
	"testing"
	"time"
)

// TestMaskDates shows that hash of days and times is one to one, gives valid ones within the bounds of each type, and one value the same in all types.
func TestMaskDates(t *testing.T) {
	k := maskKey(t, "dates")
	date, datetime := mask(t, "hash", k, MaskedColumn{ColumnType: "date"}), mask(t, "hash", k, MaskedColumn{ColumnType: "datetime(6)", Unique: true})
	timestamp := mask(t, "hash", k, MaskedColumn{ColumnType: "timestamp"})
	seen := map[string]bool{}
	stayed := 0
	first, last := "1970-01-02", "2038-01-18"
	for d, err := time.Parse(time.DateOnly, first); err == nil && d.Format(time.DateOnly) <= last; d = d.AddDate(0, 0, 1) {
		in := d.Format(time.DateOnly)
		out := masked(t, date, in)
		if _, err := time.Parse(time.DateOnly, out); err != nil || seen[out] || out < first || out > last {
			t.Fatalf("%s becomes %s, which is no day of TIMESTAMP, or taken", in, out)
		}
		seen[out] = true
		if out == in {
			stayed++
		}
		if in[5:7] == "03" {
			if with := masked(t, datetime, in+" 00:00:00.000000"); with != out+" 00:00:00.000000" {
				t.Fatalf("%s becomes %s, and %s with a time", in, out, with)
			}
		}
	}
	if len(seen) < 24000 || stayed > 5 {
		t.Errorf("%d days, of which %d stayed", len(seen), stayed)
	}
	seen = map[string]bool{}
	for s := range 24 * 60 * 60 {
		in := time.Unix(int64(s), 0).UTC().Format("2006-01-02 15:04:05")
		out := masked(t, timestamp, strings.Replace(in, "1970-01-01", "1999-12-31", 1))
		if _, err := time.Parse(time.DateTime, out); err != nil || seen[out] || strings.HasSuffix(out, "00:00:00") != (s == 0) {
			t.Fatalf("%s becomes %s, which is no time, or taken", in, out)
		}
		seen[out] = true
	}
	for _, in := range []string{"0000-00-00", "2020-02-00", "2021-02-31", "0000-00-00 00:00:00", "1970-01-01 00:00:01", "2038-01-19 03:14:07", "9999-12-31 23:59:59", ""} {
		if out := masked(t, datetime, in); out != in {
			t.Errorf("%s becomes %s", in, out)
		}
	}
	short, long := masked(t, datetime, "2001-02-03 04:05:06.120"), masked(t, datetime, "2001-02-03 04:05:06.120000")
	if long != short+"000" || strings.HasSuffix(short, ".12") || len(short) != len("2001-02-03 04:05:06.120") || short == "2001-02-03 04:05:06.120" {
		t.Errorf("by precision: %s, %s", short, long)
	}
	if masked(t, date, "1984-02-29") == masked(t, mask(t, "hash", maskKey(t, "other"), MaskedColumn{ColumnType: "date"}), "1984-02-29") {
		t.Error("another key gives the same day")
	}
	for _, in := range []string{"1950-05-05", "1815-06-18", "2050-01-01", "2500-01-01"} {
		if out := masked(t, date, in); out == in || len(out) != len(in) {
			t.Errorf("%s becomes %s", in, out)
		}
	}
}
