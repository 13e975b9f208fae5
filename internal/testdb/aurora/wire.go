package aurora

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bits of the capability flags.
const (
	capCompress      = 1 << 5
	capSSL           = 1 << 11
	capDeprecateEOF  = 1 << 24
	capZstd          = 1 << 26
	capQueryAttrs    = 1 << 27
	maxFrame         = 1<<24 - 1
	commandQuery     = 0x03
	commandPrepare   = 0x16
	headerOK         = 0x00
	headerLocal      = 0xfb
	headerEOF        = 0xfe
	headerErr        = 0xff
	maxEOF           = 9 // a longer packet that begins with headerEOF is a row
	errUnknown       = 1105
	errAccess        = 1045
	errSpecific      = 1227
	errNotPrepared   = 1295
	errReadOnly      = 1290
	errSecureChannel = 3159
)

var errMalformed = errors.New("malformed packet")

// Error is an error as a server sends it.
type Error struct {
	Number uint16
	State  string // five characters
	Text   string
}

var _ error = (*Error)(nil)

func (e *Error) Error() string { return fmt.Sprintf("%d (%s): %s", e.Number, e.State, e.Text) }

// standIn is an error of the stand-in itself: nobody published what Aurora would say.
func standIn(format string, args ...any) *Error {
	return &Error{errUnknown, "HY000", "stand-in: " + fmt.Sprintf(format, args...)}
}

// packet is one frame: payload and sequence number.
type packet struct {
	seq     byte
	payload []byte
}

func readPacket(r io.Reader) (packet, error) {
	var h [4]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return packet{}, err
	}
	p := packet{seq: h[3], payload: make([]byte, frameLength(h))}
	_, err := io.ReadFull(r, p.payload)
	return p, err
}

func writePacket(w io.Writer, p packet) error {
	_, err := w.Write(append(frameHeader(len(p.payload), p.seq), p.payload...))
	return err
}

func frameLength(h [4]byte) int { return int(h[0]) | int(h[1])<<8 | int(h[2])<<16 }

func frameHeader(n int, seq byte) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), seq} }

func (e *Error) packet(seq byte) packet {
	b := binary.LittleEndian.AppendUint16([]byte{headerErr}, e.Number)
	return packet{seq, append(append(append(b, '#'), e.State...), e.Text...)}
}

// parseError reads an error packet.
func parseError(b []byte) *Error {
	if len(b) < 9 || b[3] != '#' {
		return &Error{errUnknown, "HY000", string(b[min(3, len(b)):])}
	}
	return &Error{binary.LittleEndian.Uint16(b[1:]), string(b[4:9]), string(b[9:])}
}

// lengthEncoded reads a length-encoded number and returns what follows it; null for NULL.
func lengthEncoded(b []byte) (n uint64, null bool, rest []byte, err error) {
	if len(b) == 0 {
		return 0, false, nil, errMalformed
	}
	size := map[byte]int{0xfc: 2, 0xfd: 3, 0xfe: 8}[b[0]]
	switch {
	case b[0] == headerLocal:
		return 0, true, b[1:], nil
	case size == 0:
		return uint64(b[0]), false, b[1:], nil
	case len(b) < 1+size:
		return 0, false, nil, errMalformed
	}
	for i := size; i > 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	return n, false, b[1+size:], nil
}

// cells reads a row of a text result; NULL is an empty string.
func cells(b []byte) (out []string, err error) {
	for len(b) > 0 {
		n, null, rest, err := lengthEncoded(b)
		if err != nil || !null && n > uint64(len(rest)) {
			return nil, errMalformed
		}
		if null {
			n = 0
		}
		out = append(out, string(rest[:n]))
		b = rest[n:]
	}
	return out, nil
}

// appendCell adds a string as a cell of a text result.
func appendCell(dst []byte, s string) []byte {
	switch n := len(s); {
	case n < int(headerLocal):
		dst = append(dst, byte(n))
	case n < 1<<16:
		dst = append(dst, 0xfc, byte(n), byte(n>>8))
	default:
		dst = append(dst, 0xfd, byte(n), byte(n>>8), byte(n>>16))
	}
	return append(dst, s...)
}
