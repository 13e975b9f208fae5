package mysql

import (
	"math"
	"strconv"
)

// maxPlainExponent is DBL_DIG: my_gcvt writes numbers whose decimal point is further out in exponent form,
// unless digits follow it.
const maxPlainExponent = 15

// AppendDouble appends v as a server prints a DOUBLE (my_gcvt in strings/dtoa.c): the shortest digits that give v back,
// in exponent form from 1e15 up, if it has no fraction, and below 1e-15, without a plus sign.
func AppendDouble(dst []byte, v float64) []byte { return appendReal(dst, v, -1) }

// floatDigits is FLT_DIG: a server prints no more of a FLOAT.
const floatDigits = 6

// appendFloat appends v as a server prints a FLOAT.
func appendFloat(dst []byte, v float32) []byte { return appendReal(dst, float64(v), floatDigits) }

// appendReal writes v with at most so many significant digits, or the shortest that give it back when digits is -1.
func appendReal(dst []byte, v float64, digits int) []byte {
	if v == 0 {
		if math.Signbit(v) {
			return append(dst, "-0"...)
		}
		return append(dst, '0')
	}
	var buf [32]byte
	sci := strconv.AppendFloat(buf[:0], v, 'e', max(digits-1, -1), 64)
	if sci[0] == '-' {
		dst = append(dst, '-')
		sci = sci[1:]
	}
	figures, exp := splitScientific(sci)
	return appendFigures(dst, figures, exp)
}

func appendFigures(dst, digits []byte, exp int) []byte {
	point := exp + 1 // digits before the decimal point
	switch {
	case point < 1-maxPlainExponent, point > max(maxPlainExponent, len(digits)-1):
		dst = append(dst, digits[0])
		if len(digits) > 1 {
			dst = append(append(dst, '.'), digits[1:]...)
		}
		dst = append(dst, 'e')
		return strconv.AppendInt(dst, int64(exp), 10)
	case point <= 0:
		dst = append(dst, '0', '.')
		dst = appendZeros(dst, -point)
		return append(dst, digits...)
	case point >= len(digits):
		dst = append(dst, digits...)
		return appendZeros(dst, point-len(digits))
	}
	dst = append(dst, digits[:point]...)
	dst = append(dst, '.')
	return append(dst, digits[point:]...)
}

// splitScientific takes d.ddde±xx apart, in place: its digits without the point and trailing zeros, and its exponent.
func splitScientific(sci []byte) (digits []byte, exp int) {
	e := len(sci) - 1
	for sci[e] != 'e' {
		e--
	}
	for _, c := range sci[e+2:] {
		exp = exp*10 + int(c-'0')
	}
	if sci[e+1] == '-' {
		exp = -exp
	}
	if e == 1 {
		return sci[:1], exp
	}
	copy(sci[1:], sci[2:e])
	end := e - 1
	for end > 1 && sci[end-1] == '0' {
		end--
	}
	return sci[:end], exp
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}
