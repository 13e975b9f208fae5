package chunker

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// guess returns values of the part that lie after lo and not after hi, best first: about halfway in a measure that
// suits the kind. Where text is concerned the order is the server's to decide, so a guess may lie outside.
// No value is returned where none is known.
func guess(p *Part, a *alphabet, lo, hi []byte) [][]byte {
	switch p.Kind {
	case Integer, Decimal:
		return one(guessDecimal(string(lo), string(hi)))
	case Year:
		return one(guessYear(string(lo), string(hi)))
	case Float:
		return one(guessFloat(string(lo), string(hi)))
	case Bit:
		return one(guessBit(lo, hi))
	case Temporal:
		return one(guessTemporal(p.Type, string(lo), string(hi)))
	case Text, Binary:
		return one(a.between(lo, hi))
	case Other:
		return guessOther(p.Type, string(lo), string(hi))
	case Enum, Set:
	}
	return nil
}

func one(v []byte) [][]byte {
	if v == nil {
		return nil
	}
	return [][]byte{v}
}

// halfway returns the integer in (lo, hi] next above their mean.
func halfway(lo, hi *big.Int) *big.Int {
	m := new(big.Int).Add(lo, hi)
	m.Add(m, big.NewInt(1))
	m.Rsh(m, 1) // rounds down, below zero too
	return m
}

func guessDecimal(lo, hi string) []byte {
	if !isNumber(lo, true, false) || !isNumber(hi, true, false) {
		return nil
	}
	scale := max(fraction(lo), fraction(hi))
	a, b := unscaled(lo, scale), unscaled(hi, scale)
	if a.Cmp(b) >= 0 {
		return nil
	}
	s := halfway(a, b).String()
	if scale == 0 {
		return []byte(s)
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if len(s) <= scale {
		s = strings.Repeat("0", scale-len(s)+1) + s
	}
	return []byte(sign + s[:len(s)-scale] + "." + s[len(s)-scale:])
}

func fraction(s string) int {
	_, f, _ := strings.Cut(s, ".")
	return len(f)
}

func unscaled(s string, scale int) *big.Int {
	whole, f, _ := strings.Cut(s, ".")
	n, _ := new(big.Int).SetString(whole+f+strings.Repeat("0", scale-len(f)), 10)
	return n
}

// guessYear knows that no year lies between 0000 and 1901.
func guessYear(lo, hi string) []byte {
	a, err := strconv.Atoi(lo)
	b, err2 := strconv.Atoi(hi)
	if err != nil || err2 != nil || a >= b {
		return nil
	}
	return []byte(strconv.Itoa((max(a, 1900) + b + 1) / 2))
}

// guessFloat halves the distance in the order of the doubles themselves, so that it suits every magnitude.
func guessFloat(lo, hi string) []byte {
	a, err := strconv.ParseFloat(lo, 64)
	b, err2 := strconv.ParseFloat(hi, 64)
	if err != nil || err2 != nil || !(a < b) {
		return nil
	}
	m := halfway(big.NewInt(floatOrder(a)), big.NewInt(floatOrder(b)))
	return strconv.AppendFloat(nil, floatAt(m.Int64()), 'e', -1, 64)
}

func floatOrder(f float64) int64 {
	n := int64(math.Float64bits(f))
	if n < 0 {
		return math.MinInt64 - n
	}
	return n
}

func floatAt(n int64) float64 {
	if n < 0 {
		n = math.MinInt64 - n
	}
	return math.Float64frombits(uint64(n))
}

func guessBit(lo, hi []byte) []byte {
	if len(lo) > 8 || len(hi) > 8 {
		return nil
	}
	a, b := new(big.Int).SetBytes(lo), new(big.Int).SetBytes(hi)
	if a.Cmp(b) >= 0 {
		return nil
	}
	var out [8]byte
	binary.BigEndian.PutUint64(out[:], halfway(a, b).Uint64())
	return out[8-max(len(lo), len(hi)):]
}
