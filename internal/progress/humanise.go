package progress

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bytes is "512 B", "1.5 KB", "64.0 MB", "1.2 GB": powers of 1000, as MB/s has them.
func Bytes(n int64) string {
	units := []string{"KB", "MB", "GB", "TB", "PB"}
	if n < 1000 && n > -1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f := float64(n)
	unit := ""
	for _, unit = range units {
		f /= 1000
		if f < 999.95 && f > -999.95 {
			break
		}
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + unit
}

// Count is a number with thousands separated: "1,234,567".
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted is a number of things: "1 view", "1,234 views", "2 indexes".
func Counted[N int | int64](n N, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "x"):
		thing += "es"
	default:
		thing += "s"
	}
	return Count(int64(n)) + " " + thing
}

// Rate is bytes in a time as "123.4 MB/s"; "-" when the time is zero.
func Rate(bytes int64, elapsed time.Duration) string {
	if elapsed <= 0 {
		return "-"
	}
	return perSecond(float64(bytes) / elapsed.Seconds())
}

func perSecond(bytes float64) string {
	return strconv.FormatFloat(bytes/1e6, 'f', 1, 64) + " MB/s"
}

// Duration is "0.123s", "12.3s", "3m07s", "2h05m", "3d04h": three figures, whatever the size.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d < 9995*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) + "s"
	case d < 59950*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Hour-500*time.Millisecond:
		s := int64(d.Round(time.Second) / time.Second)
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case d < 24*time.Hour-30*time.Second:
		m := int64(d.Round(time.Minute) / time.Minute)
		return fmt.Sprintf("%dh%02dm", m/60, m%60)
	}
	h := int64(d.Round(time.Hour) / time.Hour)
	return fmt.Sprintf("%dd%02dh", h/24, h%24)
}
