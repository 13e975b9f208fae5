package chunker

import (
	"encoding/hex"
	"math/big"
	"net/netip"
	"strings"
)

// uuidOrder is the order in which MariaDB compares the bytes of a time-based or random UUID: its groups from last to
// first (https://mariadb.com/kb/en/uuid-data-type/). Other versions compare as they are written.
var uuidOrder = [16]int{10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3}

func guessOther(columnType, lo, hi string) [][]byte {
	switch {
	case strings.HasPrefix(columnType, "uuid"):
		return guessUUID(lo, hi)
	case strings.HasPrefix(columnType, "inet"):
		return one(guessAddress(lo, hi))
	}
	return nil
}

func guessAddress(lo, hi string) []byte {
	a, err := netip.ParseAddr(lo)
	b, err2 := netip.ParseAddr(hi)
	if err != nil || err2 != nil || a.BitLen() != b.BitLen() {
		return nil
	}
	m := halfBytes(a.AsSlice(), b.AsSlice())
	if m == nil {
		return nil
	}
	addr, _ := netip.AddrFromSlice(m)
	return []byte(addr.String())
}

func guessUUID(lo, hi string) (out [][]byte) {
	a, b := parseUUID(lo), parseUUID(hi)
	if a == nil || b == nil {
		return nil
	}
	for _, swap := range []bool{true, false} {
		x, y := a, b
		if swap {
			x, y = permute(a), permute(b)
		}
		m := halfBytes(x, y)
		if m == nil {
			continue
		}
		if swap {
			m = unpermute(m)
		}
		m[6], m[8] = m[6]&0x0f|a[6]&0xf0, m[8]&0x3f|a[8]&0xc0 // the version and variant decide the order
		out = append(out, formatUUID(m))
	}
	return out
}

// halfBytes returns the bytes halfway between two of the same length, nil when lo is not before hi.
func halfBytes(lo, hi []byte) []byte {
	a, b := new(big.Int).SetBytes(lo), new(big.Int).SetBytes(hi)
	if a.Cmp(b) >= 0 {
		return nil
	}
	return halfway(a, b).FillBytes(make([]byte, len(lo)))
}

func permute(u []byte) []byte {
	out := make([]byte, 16)
	for i, j := range uuidOrder {
		out[i] = u[j]
	}
	return out
}

func unpermute(u []byte) []byte {
	out := make([]byte, 16)
	for i, j := range uuidOrder {
		out[j] = u[i]
	}
	return out
}

func parseUUID(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return nil
	}
	return b
}

func formatUUID(u []byte) []byte {
	h := hex.EncodeToString(u)
	return []byte(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}
