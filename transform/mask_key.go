package transform

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"log/slog"
	"sync"
)

// MaskKey is what hash, digits and email make their values with: with the same key equal values become equal values.
type MaskKey struct {
	block cipher.Block // of digits
	ten   [10]byte     // one digit alone
	macs  sync.Pool    // of hash.Hash
	print string
}

// minMaskKey is how long a key must be at least: a shorter one can be guessed.
const minMaskKey = 16

const (
	hashChars   = 16 // of the 32 letters and digits below: 80 bits
	uniqueChars = 13 // 65 bits
	hashBytes   = 16
	uniqueBytes = 8
	// hashAlphabet has letters that no collation holds for equal: v without w, y without i.
	hashAlphabet = "0123456789abcdefghjkmnpqrstuvxyz"
)

// NewMaskKey makes a key of a secret.
func NewMaskKey(secret []byte) (*MaskKey, error) {
	if len(secret) < minMaskKey {
		return nil, fmt.Errorf("a key of %d bytes can be guessed: use at least %d, such as `openssl rand -hex 32` gives", len(secret), minMaskKey)
	}
	derive := func(label string) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte("gomove mask 1: " + label))
		return h.Sum(nil)
	}
	block, err := aes.NewCipher(derive("digits"))
	if err != nil {
		return nil, err
	}
	k := &MaskKey{block: block, print: hex.EncodeToString(derive("which key it is")[:8])}
	text := derive("text")
	k.macs.New = func() any { return hmac.New(sha256.New, text) }
	k.shuffleTen()
	return k, nil
}

// Fingerprint tells keys apart and does not give them away.
func (k *MaskKey) Fingerprint() string {
	if k == nil {
		return ""
	}
	return k.print
}

// String is the fingerprint.
func (k *MaskKey) String() string { return k.Fingerprint() }

// GoString is the fingerprint.
func (k *MaskKey) GoString() string { return k.Fingerprint() }

// LogValue is the fingerprint.
func (k *MaskKey) LogValue() slog.Value { return slog.StringValue(k.Fingerprint()) }

// MarshalJSON is the fingerprint.
func (k *MaskKey) MarshalJSON() ([]byte, error) { return json.Marshal(k.Fingerprint()) }

// UnmarshalJSON leaves the key empty: a record of it holds its fingerprint alone.
func (k *MaskKey) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &k.print) }

// sum is the keyed hash of a value.
func (k *MaskKey) sum(label string, value []byte) []byte {
	h := k.macs.Get().(hash.Hash)
	defer k.macs.Put(h)
	h.Reset()
	h.Write([]byte(label))
	h.Write([]byte{0})
	h.Write(value)
	return h.Sum(nil)
}

// text is n letters and digits that stand for a value.
func (k *MaskKey) text(value []byte, n int) []byte {
	sum := k.sum("text", value)
	out := make([]byte, n, n+32)
	for i := range out {
		bit := i * 5
		two := uint(sum[bit/8])<<8 | uint(sum[bit/8+1])
		out[i] = hashAlphabet[two>>(11-bit%8)&31]
	}
	return out
}

// uuid is a UUID of version 8 that stands for a value.
func (k *MaskKey) uuid(value []byte) []byte {
	b := k.sum("uuid", value)[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Appendf(nil, "%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// shuffleTen makes the permutation of a digit that stands alone.
func (k *MaskKey) shuffleTen() {
	var random [16]byte
	k.block.Encrypt(random[:], random[:])
	for i := range k.ten {
		k.ten[i] = byte(i)
	}
	for i := len(k.ten) - 1; i > 0; i-- {
		j := int(random[i]) % (i + 1)
		k.ten[i], k.ten[j] = k.ten[j], k.ten[i]
	}
}

// rounds of the Feistel network over digits, as many as NIST's FF1 has.
const rounds = 10

// permute puts other digits, each 0 to 9, in the place of digits: one to one among all texts of so many digits.
func (k *MaskKey) permute(digits []byte) {
	if len(digits) == 1 {
		digits[0] = k.ten[digits[0]]
		return
	}
	half := len(digits) / 2
	a, b := digits[:half], digits[half:]
	mask := make([]byte, len(b)+aes.BlockSize)
	block := make([]byte, aes.BlockSize)
	for round := range rounds {
		from, to := b, a
		if round%2 == 1 {
			from, to = a, b
		}
		k.roundDigits(mask[:len(to)], block, round, len(digits), from)
		for i := range to {
			to[i] = (to[i] + mask[i]) % 10
		}
	}
}

// roundDigits fills dst with digits that follow from the round, the length and the other half: AES in CBC-MAC, then counted on.
func (k *MaskKey) roundDigits(dst, block []byte, round, length int, from []byte) {
	clear(block)
	block[0], block[1], block[2], block[3] = byte(round+1), byte(length), byte(length>>8), byte(length>>16)
	k.block.Encrypt(block, block)
	for len(from) > 0 {
		n := min(len(from), aes.BlockSize)
		for i := range n {
			block[i] ^= from[i] + 1
		}
		k.block.Encrypt(block, block)
		from = from[n:]
	}
	for {
		for i := range min(len(dst), aes.BlockSize) {
			dst[i] = block[i] % 10
		}
		if len(dst) <= aes.BlockSize {
			return
		}
		dst = dst[aes.BlockSize:]
		k.block.Encrypt(block, block)
	}
}
