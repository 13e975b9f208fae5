package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Rows are made as LOAD DATA's default format: cells between tabs, a backslash before tab, newline, backslash and NUL.

func appendTab(dst []byte) []byte { return append(dst, '\t') }

func appendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// appendDigits appends n random digits.
func appendDigits(dst []byte, r *rand.Rand, n int) []byte {
	for n > 0 {
		x := r.Uint64()
		for range min(n, 16) {
			dst = append(dst, '0'+byte((x&0xf)*10>>4))
			x >>= 4
		}
		n -= min(n, 16)
	}
	return dst
}

// appendGroups is sysbench's text: groups of 11 digits with a dash between.
func appendGroups(dst []byte, r *rand.Rand, groups int) []byte {
	for i := range groups {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = appendDigits(dst, r, 11)
	}
	return dst
}

func sysbenchRow(dst []byte, r *rand.Rand, i int) []byte {
	dst = appendTab(appendInt(dst, int64(i+1)))
	dst = appendTab(appendInt(dst, int64(r.IntN(1_000_000)+1)))
	dst = appendTab(appendGroups(dst, r, 10))
	return appendGroups(dst, r, 5)
}

func integersRow(dst []byte, r *rand.Rand, i int) []byte {
	dst = appendTab(appendInt(dst, int64(i+1)))
	dst = appendTab(appendInt(dst, int64(int32(r.Uint32()))))
	if r.IntN(8) == 0 {
		dst = append(dst, '\\', 'N')
	} else {
		dst = appendInt(dst, int64(r.IntN(100_000)))
	}
	dst = appendTab(dst)
	dst = appendTab(appendInt(dst, int64(int16(r.Uint32()))))
	dst = appendTab(appendInt(dst, int64(r.IntN(100))))
	return appendInt(dst, int64(r.Uint64()>>1))
}

// words are for text; those from plainWords on are of letters only.
func words() [15]string {
	return [15]string{"order", "invoice", "größer", "naïve", "\"quoted\"", "it's", "línea\\\nnueva", "東京", "😀", "back\\\\slash", "plain", "customer", "the", "of", "shipped"}
}

const plainWords = 10

// appendText appends n words, from the first one on that is asked for.
func appendText(dst []byte, r *rand.Rand, first, n int) []byte {
	list := words()
	for i := range n {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, list[first+r.IntN(len(list)-first)]...)
	}
	return dst
}

func appendTime(dst []byte, r *rand.Rand, layout string) []byte {
	at := time.Unix(946684800+r.Int64N(800_000_000), r.Int64N(1e9)).UTC()
	return at.AppendFormat(dst, layout)
}

func mixedRow(dst []byte, r *rand.Rand, i int) []byte {
	dst = appendTab(appendInt(dst, int64(i+1)))
	dst = append(appendInt(dst, int64(r.IntN(10_000_000))), '.')
	dst = appendTab(appendDigits(dst, r, 2))
	dst = appendTab(strconv.AppendFloat(dst, r.NormFloat64()*1000, 'g', -1, 64))
	dst = appendTab(appendTime(dst, r, time.DateTime))
	dst = append(appendText(dst, r, plainWords, 2), ' ')
	dst = appendTab(appendInt(dst, int64(r.IntN(100_000))))
	if r.IntN(4) == 0 {
		dst = append(dst, '\\', 'N')
	} else {
		dst = appendText(dst, r, 0, 4+r.IntN(16))
	}
	dst = appendTab(dst)
	dst = append(dst, `{"id": `...)
	dst = appendInt(dst, int64(i))
	dst = append(dst, `, "tags": ["a", "b"], "price": `...)
	dst = appendInt(dst, int64(r.IntN(1000)))
	dst = append(dst, `.5, "text": "`...)
	dst = appendText(dst, r, plainWords, 3)
	dst = appendTab(append(dst, `"}`...))
	dst = appendTab(appendBinary(dst, r, 32))
	if r.IntN(3) == 0 {
		dst = append(dst, '\\', 'N')
	} else {
		dst = appendInt(dst, int64(r.IntN(5)))
	}
	return appendTime(appendTab(dst), r, "2006-01-02 15:04:05.000000")
}

// appendBinary appends n random bytes, escaped.
func appendBinary(dst []byte, r *rand.Rand, n int) []byte {
	for n > 0 {
		x := r.Uint64()
		for range min(n, 8) {
			switch b := byte(x); b {
			case 0:
				dst = append(dst, '\\', '0')
			case '\t', '\n', '\\':
				dst = append(dst, '\\', b)
			default:
				dst = append(dst, b)
			}
			x >>= 8
		}
		n -= min(n, 8)
	}
	return dst
}

const wideCount = 60

// wideColumns are thirty integers, ten decimals and twenty short texts.
func wideColumns() string {
	var b strings.Builder
	for i := range wideCount {
		kind := "INT NOT NULL"
		switch {
		case i%6 == 3:
			kind = "DECIMAL(12,4) NOT NULL"
		case i%3 == 1:
			kind = "VARCHAR(24) NOT NULL"
		}
		fmt.Fprintf(&b, "c%02d %s, ", i, kind)
	}
	return b.String() + "PRIMARY KEY (c00)"
}

func wideRow(dst []byte, r *rand.Rand, i int) []byte {
	dst = appendInt(dst, int64(i+1))
	for c := 1; c < wideCount; c++ {
		dst = appendTab(dst)
		switch {
		case c%6 == 3:
			dst = append(appendInt(dst, int64(r.IntN(100_000))), '.')
			dst = appendDigits(dst, r, 4)
		case c%3 == 1:
			dst = appendDigits(append(dst, "value "...), r, 4+r.IntN(12))
		default:
			dst = appendInt(dst, int64(r.IntN(1_000_000)))
		}
	}
	return dst
}

const maxBlob = 128 << 10

func blobRow(dst []byte, r *rand.Rand, i int) []byte {
	dst = appendTab(appendInt(dst, int64(i+1)))
	dst = appendTab(appendDigits(append(dst, "file "...), r, 12))
	return appendBinary(dst, r, r.IntN(maxBlob))
}

// appendCode is a key that grows with the row.
func appendCode(dst []byte, i int) []byte {
	return fmt.Appendf(dst, "DE-%09x-", i)
}

func stringsRow(dst []byte, r *rand.Rand, i int) []byte {
	dst = appendTab(appendDigits(appendCode(dst, i), r, 12))
	dst = appendTab(appendText(dst, r, plainWords, 3+r.IntN(4)))
	return appendInt(dst, int64(r.IntN(1_000_000)))
}

const compositeRows = 100 // that share their first key column

func compositeRow(dst []byte, r *rand.Rand, i int) []byte {
	dst = appendTab(appendInt(dst, int64(i/compositeRows)))
	dst = append(dst, 'g')
	dst = appendTab(appendInt(dst, int64(i%compositeRows/10)))
	dst = appendTab(appendInt(dst, int64(i%10)))
	return appendText(dst, r, plainWords, 3+r.IntN(4))
}

func smallRow(dst []byte, r *rand.Rand, i int) []byte {
	dst = appendTab(appendInt(dst, int64(i+1)))
	dst = appendTab(appendDigits(append(dst, "name "...), r, 8))
	return appendTime(dst, r, time.DateTime)
}
