package chunker

import (
	"fmt"
	"strings"
	"time"
)

// date is the text of a DATE or DATETIME taken apart. Months and days may be 0, and days may exceed their month.
type date struct {
	year, month, day  int64
	clock             int64 // in units of 10^-digits seconds
	digits            int   // of the fraction
	hasClock, isValid bool
}

func parseDate(s string) (d date, ok bool) {
	ymd, clock, hasClock := strings.Cut(s, " ")
	f := strings.Split(ymd, "-")
	if len(f) != 3 || len(f[0]) != 4 || len(f[1]) != 2 || len(f[2]) != 2 {
		return d, false
	}
	var bad bool
	d.year, d.month, d.day = digits(f[0], &bad), digits(f[1], &bad), digits(f[2], &bad)
	if hasClock {
		var negative bool
		d.clock, d.digits, negative, ok = parseClock(clock)
		bad = bad || !ok || negative
	}
	d.hasClock, d.isValid = hasClock, !bad && d.month <= 12 && d.day <= 31
	return d, d.isValid
}

func digits(s string, bad *bool) (n int64) {
	if !isDigits(s) || len(s) > 9 {
		*bad = true
		return 0
	}
	for _, c := range []byte(s) {
		n = n*10 + int64(c-'0')
	}
	return n
}

// parseClock reads [-]H:MM:SS[.f] in units of 10^-places seconds.
func parseClock(s string) (units int64, places int, negative, ok bool) {
	s, negative = strings.CutPrefix(s, "-")
	whole, frac, _ := strings.Cut(s, ".")
	f := strings.Split(whole, ":")
	if len(f) != 3 || len(frac) > 6 || len(f[0]) > 3 {
		return 0, 0, false, false
	}
	var bad bool
	units = (digits(f[0], &bad)*60+digits(f[1], &bad))*60 + digits(f[2], &bad)
	if frac != "" {
		units = units*pow10(len(frac)) + digits(frac, &bad)
	}
	return units, len(frac), negative, !bad
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// onCalendar reports whether the date exists.
func (d date) onCalendar() bool {
	if d.month == 0 || d.day == 0 {
		return false
	}
	t := time.Date(int(d.year), time.Month(d.month), int(d.day), 0, 0, 0, 0, time.UTC)
	return t.Day() == int(d.day)
}

// ordinal grows as the server orders dates, those that no calendar has included.
func (d date) ordinal() int64 {
	return ((d.year*13+d.month)*32+d.day)*86400*pow10(d.digits) + d.clock
}

func dateAt(ordinal int64, digits int, hasClock bool) date {
	day := 86400 * pow10(digits)
	d := date{clock: ordinal % day, digits: digits, hasClock: hasClock}
	ordinal /= day
	d.day, d.month, d.year = ordinal%32, ordinal/32%13, ordinal/32/13
	return d.repaired()
}

// repaired returns the first existing date at or after d.
func (d date) repaired() date {
	if d.onCalendar() {
		return d
	}
	d.clock = 0
	switch {
	case d.month == 0:
		d.month, d.day = 1, 1
	case d.day == 0:
		d.day = 1
	default:
		d.month, d.day = d.month+1, 1
		if d.month > 12 {
			d.year, d.month = d.year+1, 1
		}
	}
	return d
}

func (d date) String() string {
	s := fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
	if !d.hasClock {
		return s
	}
	return s + " " + clockText(d.clock, d.digits)
}

func clockText(units int64, places int) string {
	p := pow10(places)
	sec := units / p
	s := fmt.Sprintf("%02d:%02d:%02d", sec/3600, sec/60%60, sec%60)
	if places > 0 {
		s += fmt.Sprintf(".%0*d", places, units%p)
	}
	return s
}

func guessTemporal(columnType, lo, hi string) []byte {
	a, ok := parseDate(lo)
	if !ok {
		return guessTime(lo, hi)
	}
	b, ok := parseDate(hi)
	if !ok || a.digits != b.digits || a.hasClock != b.hasClock {
		return nil
	}
	if strings.HasPrefix(columnType, "timestamp") && a.year < 1970 {
		a.year, a.month, a.day = 1970, 1, 1 // no other value lies between it and 0000-00-00
	}
	x, y := a.ordinal(), b.ordinal()
	if x >= y {
		if lo < hi {
			return []byte(hi)
		}
		return nil
	}
	m := dateAt(x+(y-x+1)/2, a.digits, a.hasClock)
	if m.ordinal() > y || m.year > 9999 {
		return []byte(hi)
	}
	g := m.String()
	if len(g) == len(hi) && (g > hi || g < lo) {
		return []byte(hi) // one of them has a clock that no day has
	}
	return []byte(g)
}

func guessTime(lo, hi string) []byte {
	a, places, aNegative, ok := parseClock(lo)
	b, places2, bNegative, ok2 := parseClock(hi)
	if !ok || !ok2 || places != places2 {
		return nil
	}
	if aNegative {
		a = -a
	}
	if bNegative {
		b = -b
	}
	if a >= b {
		return nil
	}
	m := (a + b + 1) >> 1
	if m < 0 {
		return []byte("-" + clockText(-m, places))
	}
	return []byte(clockText(m, places))
}
