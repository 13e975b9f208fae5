package transform

import (
	"bytes"
	"errors"
	"math"
	"strconv"
)

// errNoNumber is a cell of a numeric column that is none.
var errNoNumber = errors.New("a value is no number")

// classEnds are the largest values of the integer types, signed and unsigned. What lies between two of them fits the same types,
// so that integer, which changes numbers within these bounds, gives a value the same number in columns of any type.
var classEnds = []uint64{
	math.MaxInt8, math.MaxUint8, math.MaxInt16, math.MaxUint16, 1<<23 - 1, 1<<24 - 1, math.MaxInt32, math.MaxUint32, math.MaxInt64, math.MaxUint64,
}

// class is the bounds that a number lies between.
func class64(n uint64) (lo, hi uint64) {
	for _, end := range classEnds {
		if n <= end {
			return lo, end
		}
		lo = end + 1
	}
	return lo, math.MaxUint64
}

// parseInteger reads an integer; negative ones by what they are from -1 on downwards.
func parseInteger(cell []byte) (n uint64, negative bool, err error) {
	if len(cell) > 0 && cell[0] == '-' {
		v, err := strconv.ParseInt(string(cell), 10, 64)
		if err != nil {
			return 0, false, errNoNumber
		}
		if v < 0 {
			return uint64(^v), true, nil
		}
		return 0, false, nil
	}
	n, err = strconv.ParseUint(string(cell), 10, 64)
	if err != nil {
		return 0, false, errNoNumber
	}
	return n, false, nil
}

// appendInteger is the text of what parseInteger read, as long as the original where that had zeros in front.
func appendInteger(n uint64, negative bool, original []byte) []byte {
	if negative {
		return strconv.AppendInt(nil, ^int64(n), 10)
	}
	out := strconv.AppendUint(nil, n, 10)
	if len(original) > len(out) && original[0] == '0' {
		out = append(bytes.Repeat([]byte{'0'}, len(original)-len(out)), out...)
	}
	return out
}

// integer puts another number of the same class in the place of one.
func (k *MaskKey) integer(cell []byte) ([]byte, error) {
	n, negative, err := parseInteger(cell)
	if err != nil {
		return nil, err
	}
	lo, hi := class64(n)
	width := len(strconv.FormatUint(hi, 10))
	n = k.walk(n, width, func(n uint64) bool { return n >= lo && n <= hi })
	return appendInteger(n, negative, cell), nil
}

// integerDigits puts another number of as many digits, and of the same class, in the place of one.
func (k *MaskKey) integerDigits(cell []byte) ([]byte, error) {
	n, negative, err := parseInteger(cell)
	if err != nil {
		return nil, err
	}
	first := n
	if negative {
		first++ // as it is written
	}
	width := len(strconv.FormatUint(first, 10))
	lo, hi := class64(n)
	n = k.walk(n, width, func(n uint64) bool {
		shown := n
		if negative {
			shown++
		}
		return n >= lo && n <= hi && len(strconv.FormatUint(shown, 10)) == width
	})
	return appendInteger(n, negative, cell), nil
}

// walk permutes the digits of n until the result is one of those that are allowed, n among them: one to one among these.
func (k *MaskKey) walk(n uint64, width int, allowed func(uint64) bool) uint64 {
	digits := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte(n % 10)
		n /= 10
	}
	for {
		k.permute(digits)
		n, ok := uint64(0), true
		for _, d := range digits {
			if n > (math.MaxUint64-uint64(d))/10 {
				ok = false
				break
			}
			n = n*10 + uint64(d)
		}
		if ok && allowed(n) {
			return n
		}
	}
}

// decimalDigits changes the digits of a DECIMAL from its first that is not 0, which stays other than 0.
func (k *MaskKey) decimalDigits(cell []byte) ([]byte, error) {
	return k.significantDigits(cell, len(cell), func([]byte) bool { return true })
}

// floatDigits is decimalDigits before the exponent; the result is a number that the type has.
func (k *MaskKey) floatDigits(cell []byte, bits int) ([]byte, error) {
	end := bytes.IndexAny(cell, "eE")
	if end < 0 {
		end = len(cell)
	}
	return k.significantDigits(cell, end, func(text []byte) bool {
		f, err := strconv.ParseFloat(string(text), bits)
		return err == nil && f != 0
	})
}

func (k *MaskKey) significantDigits(cell []byte, end int, allowed func([]byte) bool) ([]byte, error) {
	out := bytes.Clone(cell)
	var at []int
	for i, c := range out[:end] {
		switch {
		case c >= '0' && c <= '9':
			if c != '0' || len(at) > 0 {
				at = append(at, i)
			}
		case c == '-' || c == '+' || c == '.':
		default:
			return nil, errNoNumber
		}
	}
	if len(at) == 0 || !allowed(out) {
		return out, nil
	}
	digits := make([]byte, len(at))
	for i, j := range at {
		digits[i] = out[j] - '0'
	}
	for {
		k.permute(digits)
		if digits[0] == 0 {
			continue
		}
		for i, j := range at {
			out[j] = digits[i] + '0'
		}
		if allowed(out) {
			return out, nil
		}
	}
}

// textDigits changes the digits of a text and nothing else.
func (k *MaskKey) textDigits(cell []byte, charset string) []byte {
	out := bytes.Clone(cell)
	at := digitsIn(out, charset)
	if len(at) == 0 {
		return out
	}
	digits := make([]byte, len(at))
	for i, j := range at {
		digits[i] = out[j] - '0'
	}
	k.permute(digits)
	for i, j := range at {
		out[j] = digits[i] + '0'
	}
	return out
}

// digitsIn are the places of the ASCII digits of a text: of their low bytes in the charsets of more than one.
func digitsIn(text []byte, charset string) (at []int) {
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	if unit, low := wideUnit(charset); unit > 1 {
	units:
		for i := 0; i+unit <= len(text); i += unit {
			for j := range unit {
				if j != low && text[i+j] != 0 {
					continue units
				}
			}
			if isDigit(text[i+low]) {
				at = append(at, i+low)
			}
		}
		return at
	}
	multi := multibyteOf(charset)
	for i := 0; i < len(text); i++ {
		if text[i] >= 0x80 {
			i += multi.length(text[i:]) - 1
		} else if isDigit(text[i]) {
			at = append(at, i)
		}
	}
	return at
}
