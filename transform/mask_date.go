package transform

import (
	"bytes"
	"slices"
	"time"
)

// eras are first and last days between which hash puts another day in the place of one. What is between two eras stays: TIMESTAMP has only
// a part of those days, on servers whose TIMESTAMP ends in 2038 or in 2106. So does the last of all days, which means that there is no end.
var eras = [...][2]int64{
	{day(1, 1, 1), day(1899, 12, 31)},
	{day(1900, 1, 1), day(1969, 12, 31)},
	{day(1970, 1, 2), day(2038, 1, 18)},
	{day(2038, 1, 20), day(2106, 2, 6)},
	{day(2106, 2, 8), day(9999, 12, 30)},
}

const daySeconds = 24 * 60 * 60

// day is the days since the first of January of the year 1970.
func day(year int, month time.Month, d int) int64 {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC).Unix() / daySeconds
}

// date puts another day and another time of day in the place of a DATE, DATETIME or TIMESTAMP, one to one. Midnight stays, so that equal
// values of DATE and DATETIME stay equal. What is no day of the calendar stays: 0000-00-00, 2020-02-00.
func (k *MaskKey) date(cell []byte) ([]byte, error) {
	out := bytes.Clone(cell)
	layout := time.DateOnly
	if len(cell) > len(layout) {
		layout = time.DateTime
	}
	t, err := time.Parse(layout, string(cell[:min(len(cell), len(layout))]))
	if err != nil || t.Year() == 0 {
		return out, nil
	}
	second := int64(t.Hour()*60*60 + t.Minute()*60 + t.Second())
	whole := (t.Unix() - second) / daySeconds
	i := slices.IndexFunc(eras[:], func(era [2]int64) bool { return whole >= era[0] && whole <= era[1] })
	if i < 0 {
		return out, nil
	}
	first, last := eras[i][0], eras[i][1]
	whole = first + k.among(whole-first, last-first+1)
	if second > 0 {
		second = 1 + k.among(second-1, daySeconds-1)
	}
	out = time.Unix(whole*daySeconds+second, 0).UTC().AppendFormat(out[:0], layout)
	for _, c := range cell[len(out):] {
		out = append(out, k.fractionDigit(c))
	}
	return out, nil
}

// among puts another number in the place of one of 0 to size-1, one to one.
func (k *MaskKey) among(n, size int64) int64 {
	var digits [20]byte
	used := 0
	for rest := size - 1; rest > 0; rest /= 10 {
		used++
	}
	for {
		for i := used - 1; i >= 0; i-- {
			digits[i] = byte(n % 10)
			n /= 10
		}
		k.permute(digits[:used])
		for _, d := range digits[:used] {
			n = n*10 + int64(d)
		}
		if n < size { // else it is walked on, which stays one to one
			return n
		}
	}
}

// fractionDigit puts another digit in the place of one behind the point; 0 stays, as precisions differ by zeros at the end.
func (k *MaskKey) fractionDigit(c byte) byte {
	if c <= '0' || c > '9' {
		return c
	}
	d := k.ten[c-'0']
	if d == 0 {
		d = k.ten[0]
	}
	return '0' + d
}
